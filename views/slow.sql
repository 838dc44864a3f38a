-- The slowest requests
-- :since  1h   time            how far back to look
-- :until  now  time            where to end
-- :where  ''   filter:request  which requests, as for skep watch --where
-- :limit  20   number          how many rows
SELECT time_ns, service, role, protocol, operation, target, status, is_error, duration_ns, peer_service, detail,
       connection
FROM request
WHERE time_ns >= :since AND time_ns < :until AND :where
ORDER BY duration_ns DESC
LIMIT :limit
