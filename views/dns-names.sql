-- The names asked for most, by whom, and how long the answers take
-- :since  1h  time  how far back to look
-- :limit  50  number  at most so many rows
SELECT name, type, service,
       count(*) AS questions,
       sum(is_error) AS errors,
       sum(retries) AS retries,
       quantile(CASE WHEN code <> '' THEN duration_ns END, 0.5) AS p50_ns,
       quantile(CASE WHEN code <> '' THEN duration_ns END, 0.99) AS p99_ns,
       max(server_address) AS server_address
FROM dns
WHERE time_ns >= :since AND role = 'client'
GROUP BY name, type, service
ORDER BY questions DESC, name
LIMIT :limit
