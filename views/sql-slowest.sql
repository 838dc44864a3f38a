-- The slowest statements, one by one
-- :since  1h   time            how far back to look
-- :until  now  time            where to end
-- :where  ''   filter:request  which requests, as for skep watch --where
-- :limit  20   number          how many rows
SELECT time_ns, service, role, protocol, detail AS statement, status, is_error, duration_ns, first_byte_ns,
       response_bytes, peer_service, connection
FROM request
WHERE time_ns >= :since AND time_ns < :until AND fingerprint <> 0 AND :where
ORDER BY duration_ns DESC
LIMIT :limit
