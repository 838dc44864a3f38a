-- Processes that lived only for a moment, by program
-- :since    1h     time      how far back to look
-- :at_most  100ms  duration  the longest moment
SELECT comm, exe, parent_comm, service,
       count(*) AS times,
       avg(duration_ns) AS mean_life_ns,
       max(duration_ns) AS longest_life_ns
FROM exit
WHERE time_ns >= :since AND duration_ns <= :at_most
GROUP BY comm, exe, parent_comm, service
ORDER BY times DESC
LIMIT 50
