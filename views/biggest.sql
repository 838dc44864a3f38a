-- The biggest answers
-- :since  1h  time    how far back to look
-- :limit  20  number  how many rows
SELECT time_ns, service, role, operation, detail, status, response_bytes, duration_ns, peer_service
FROM request
WHERE time_ns >= :since
ORDER BY response_bytes DESC
LIMIT :limit
