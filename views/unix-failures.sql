-- Connects to unix sockets that failed: by whom, where and why
-- :since  1h  time  how far back to look
SELECT service, path, reason,
       count(*) AS failed,
       max(time_ns) AS last_time_ns
FROM unix
WHERE time_ns >= :since AND event = 'failed'
GROUP BY service, path, reason
ORDER BY failed DESC
LIMIT 100
