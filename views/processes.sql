-- Processes that were started, by command and by who started them
-- :since  1h  time    how far back to look
-- :limit  50  number  how many rows
SELECT comm, exe, parent_comm, service, container,
       count(*) AS started,
       min(time_ns) AS first_time_ns,
       max(time_ns) AS last_time_ns
FROM exec
WHERE time_ns >= :since
GROUP BY comm, exe, parent_comm, service, container
ORDER BY started DESC
LIMIT :limit
