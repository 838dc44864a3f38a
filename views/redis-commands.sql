-- Redis commands: how often, how slow, how many failed or found nothing; the slowest ones first
-- :since  1h   time                 how far back to look
-- :until  now  time                 where to end
-- :where  ''   filter:request_rate  which commands, as for skep watch --where
-- :limit  50   number               how many rows
SELECT service, role, operation,
       sum(count) AS requests,
       sum(error_count) AS errors,
       sum(CASE WHEN status = 'NIL' THEN count ELSE 0 END) AS nothing_found,
       histogram_quantile(histogram, 0.5) AS p50_ns,
       histogram_quantile(histogram, 0.99) AS p99_ns,
       max(duration_max_ns) AS max_ns
FROM request_rate
WHERE time_ns >= :since AND time_ns < :until AND protocol = 'redis' AND :where
GROUP BY service, role, operation
ORDER BY p99_ns DESC
LIMIT :limit
