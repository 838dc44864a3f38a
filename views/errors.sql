-- Errors and their share, by service, protocol and status
-- :since  1h  time  how far back to look
-- coarse: since now
SELECT service, role, protocol, status,
       sum(error_count) AS errors,
       sum(count) AS requests,
       100.0 * sum(error_count) / sum(count) AS error_percent
FROM request_rate
WHERE time_ns >= :since
GROUP BY service, role, protocol, status
HAVING sum(error_count) > 0
ORDER BY errors DESC
LIMIT 100
