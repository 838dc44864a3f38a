-- Requests without an answer, or with one that ended early
-- :since  1h  time    how far back to look
-- :limit  50  number  how many rows
SELECT time_ns, service, role, protocol, operation, detail, status, duration_ns, peer_service,
       peer_address, peer_port
FROM request
WHERE time_ns >= :since AND is_incomplete
ORDER BY time_ns DESC
LIMIT :limit
