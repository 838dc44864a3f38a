-- How the answers of each service spread over status codes
-- :since  1h  time  how far back to look
-- coarse: since now
SELECT service, role, protocol, status,
       sum(count) AS requests,
       100.0 * sum(count) / sum(sum(count)) OVER (PARTITION BY service, role, protocol) AS percent
FROM request_rate
WHERE time_ns >= :since
GROUP BY service, role, protocol, status
ORDER BY service, role, protocol, requests DESC
