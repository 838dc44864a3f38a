-- Statements that fail, with the database's own code
-- :since  1h  time    how far back to look
-- :limit  50  number  at most so many rows
SELECT protocol, service, role, status, max(detail) AS statement, target AS table_name,
       sum(weight) AS failed,
       max(time_ns) AS last_time_ns
FROM request
WHERE time_ns >= :since AND fingerprint <> 0 AND is_error
GROUP BY protocol, service, role, status, target, fingerprint
ORDER BY failed DESC, statement
LIMIT :limit
