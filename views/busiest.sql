-- The busiest minutes, with what was asked most
-- :since  1h  time    how far back to look
-- :limit  20  number  how many rows
SELECT time_ns / 60000000000 * 60000000000 AS minute_time_ns,
       sum(count) AS requests,
       sum(count) / 60.0 AS requests_per_second,
       sum(error_count) AS errors,
       histogram_quantile(histogram, 0.99) AS p99_ns
FROM request_rate
WHERE time_ns >= :since
GROUP BY minute_time_ns
ORDER BY requests DESC
LIMIT :limit
