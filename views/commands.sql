-- Command lines by how often they ran
-- :since  1h  time    how far back to look
-- :limit  50  number  how many rows
SELECT args, count(*) AS times, max(time_ns) AS last_time_ns, parent_comm
FROM exec
WHERE time_ns >= :since
GROUP BY args, parent_comm
ORDER BY times DESC
LIMIT :limit
