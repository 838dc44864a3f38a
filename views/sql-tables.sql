-- What is done with each table of a database, by the exact counts
-- :since     1h  time    how far back to look
-- :until     now  time    where to end
-- :protocol  ''  text    postgresql or mysql; all of them when empty
-- :limit     50  number  how many rows
SELECT protocol, service, role, target AS table_name, operation,
       sum(count) AS statements,
       sum(error_count) AS errors,
       sum(duration_sum_ns) AS total_ns,
       histogram_quantile(histogram, 0.5) AS p50_ns,
       histogram_quantile(histogram, 0.99) AS p99_ns,
       max(duration_max_ns) AS max_ns
FROM request_rate
WHERE time_ns >= :since AND time_ns < :until AND protocol IN ('postgresql', 'mysql') AND target <> ''
      AND (:protocol = '' OR protocol = :protocol)
GROUP BY protocol, service, role, target, operation
ORDER BY total_ns DESC
LIMIT :limit
