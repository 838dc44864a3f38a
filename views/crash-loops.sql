-- Programs that ended badly again and again
-- :since  1h  time    how far back to look
-- :least  3   number  how often at least
SELECT exe, comm, parent_comm, service, container, exit_code, signal,
       count(*) AS times,
       min(time_ns) AS first_time_ns,
       max(time_ns) AS last_time_ns,
       avg(duration_ns) AS mean_life_ns
FROM exit
WHERE time_ns >= :since AND (exit_code <> 0 OR signal <> '')
GROUP BY exe, comm, parent_comm, service, container, exit_code, signal
HAVING count(*) >= :least
ORDER BY times DESC
LIMIT 50
