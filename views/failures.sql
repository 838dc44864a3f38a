-- Processes that ended with a code other than 0 or by a signal
-- :since  1h  time    how far back to look
-- :limit  50  number  how many rows
SELECT time_ns, comm, exe, pid, parent_comm, service, container, exit_code, signal,
       duration_ns AS life_ns
FROM exit
WHERE time_ns >= :since AND (exit_code <> 0 OR signal <> '')
ORDER BY time_ns DESC
LIMIT :limit
