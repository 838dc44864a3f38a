-- Who runs what: programs by user
-- :since  1h  time  how far back to look
SELECT uid, comm, exe, count(*) AS started, max(time_ns) AS last_time_ns
FROM exec
WHERE time_ns >= :since
GROUP BY uid, comm, exe
ORDER BY uid, started DESC
LIMIT 200
