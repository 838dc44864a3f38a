-- Requests, errors and latency of each service over time, with the whole histogram of each step
-- :since  15m  time                 how far back to look
-- :until  now  time                 where to end
-- :step   1m   duration             length of a step
-- :where  ''   filter:request_rate  which requests, as for skep watch --where
-- coarse: since until step
SELECT time_ns / :step * :step AS step_time_ns, service, role,
       sum(count) AS requests,
       sum(error_count) AS errors,
       histogram_merge(histogram) AS histogram
FROM request_rate
WHERE time_ns >= :since AND time_ns < :until AND :where
GROUP BY step_time_ns, service, role
ORDER BY step_time_ns
