-- Each endpoint in a time and in the time before it: what became slower, fails, is new or gone
-- :before  2h   time                 where the time before begins
-- :since   1h   time                 where it ends and the time itself begins
-- :until   now  time                 where that ends
-- :where   ''   filter:request_rate  which requests, as for skep watch --where
-- coarse: before until since
SELECT service, protocol, operation, target,
       sum(CASE WHEN time_ns >= :since THEN count ELSE 0 END) AS requests,
       sum(CASE WHEN time_ns >= :since THEN 0 ELSE count END) AS requests_before,
       sum(CASE WHEN time_ns >= :since THEN error_count ELSE 0 END) AS errors,
       sum(CASE WHEN time_ns >= :since THEN 0 ELSE error_count END) AS errors_before,
       histogram_merge(CASE WHEN time_ns >= :since THEN histogram ELSE '' END) AS histogram,
       histogram_merge(CASE WHEN time_ns >= :since THEN '' ELSE histogram END) AS histogram_before,
       max(CASE WHEN time_ns >= :since THEN duration_max_ns ELSE 0 END) AS max_ns
FROM request_rate
WHERE time_ns >= :before AND time_ns < :until AND role = 'server' AND :where
GROUP BY service, protocol, operation, target
ORDER BY requests DESC
LIMIT 2000
