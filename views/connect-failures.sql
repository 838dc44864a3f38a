-- TCP connects that failed: by whom, where to and why
-- :since  1h  time  how far back to look
-- :limit  50  number  at most so many rows
SELECT service, peer_address, peer_port, peer_service, reason,
       count(*) AS failed,
       quantile(duration_ns, 0.5) AS p50_ns,
       max(time_ns) AS last_time_ns
FROM tcp
WHERE time_ns >= :since AND event = 'failed'
GROUP BY service, peer_address, peer_port, peer_service, reason
ORDER BY failed DESC
LIMIT :limit
