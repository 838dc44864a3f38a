-- Unix sockets: where servers listen, who connects, how often, how long and with how many bytes
-- :since  1h  time  how far back to look
SELECT path,
       CASE role WHEN 'client' THEN peer_service ELSE service END AS server,
       CASE role WHEN 'client' THEN service ELSE peer_service END AS client,
       role AS seen_as,
       sum(CASE WHEN event IN ('connect', 'accept', 'existing') THEN 1 ELSE 0 END) AS connections,
       sum(CASE event WHEN 'close' THEN 1 ELSE 0 END) AS closed,
       sum(CASE event WHEN 'failed' THEN 1 ELSE 0 END) AS failed,
       sum(bytes_sent) AS bytes_sent,
       sum(bytes_received) AS bytes_received,
       max(duration_ns) AS longest_ns
FROM unix
WHERE time_ns >= :since AND event <> 'listen'
GROUP BY path, server, client, role
ORDER BY connections DESC
LIMIT 200
