-- The slowest requests
-- :since  1h  time    how far back to look
-- :limit  20  number  how many rows
SELECT time_ns, service, role, protocol, operation, target, status, duration_ns, peer_service, detail
FROM request
WHERE time_ns >= :since
ORDER BY duration_ns DESC
LIMIT :limit
