-- Who calls whom: requests, errors and latency between two services
-- :since  1h  time  how far back to look
-- coarse: since now
SELECT CASE role WHEN 'client' THEN service ELSE peer_service END AS client,
       CASE role WHEN 'client' THEN peer_service ELSE service END AS server,
       protocol,
       role AS seen_as,
       sum(count) AS requests,
       sum(error_count) AS errors,
       histogram_quantile(histogram, 0.5) AS p50_ns,
       histogram_quantile(histogram, 0.99) AS p99_ns
FROM request_rate
WHERE time_ns >= :since
GROUP BY client, server, protocol, role
ORDER BY requests DESC
LIMIT 200
