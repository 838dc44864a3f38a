-- Bytes sent and received by each service, with who is at the other end
-- :since  1h  time  how far back to look
-- coarse: since now
SELECT service, role, peer_service, protocol,
       sum(count) AS requests,
       sum(request_bytes) AS request_bytes,
       sum(response_bytes) AS response_bytes
FROM request_rate
WHERE time_ns >= :since
GROUP BY service, role, peer_service, protocol
ORDER BY sum(request_bytes) + sum(response_bytes) DESC
LIMIT 100
