-- The map: who calls whom; traffic that was seen at both ends counts once
-- :since  1h   time                 how far back to look
-- :until  now  time                 where to end
-- :where  ''   filter:request_rate  which requests, as for skep watch --where
-- :unix   ''   filter:unix          which connections over unix sockets
-- :udp    ''   filter:udp           which flows of datagrams
-- coarse: since until
WITH merged AS (
    SELECT CASE role WHEN 'client' THEN service ELSE peer_service END AS client,
           CASE role WHEN 'client' THEN peer_service ELSE service END AS server,
           protocol,
           role,
           sum(count) AS requests,
           sum(error_count) AS errors,
           histogram_merge(histogram) AS histogram
    FROM request_rate
    WHERE time_ns >= :since AND time_ns < :until AND :where
    GROUP BY client, server, protocol, role
),
seen AS (
    SELECT client, server, protocol, role,
           sum(requests) AS requests,
           sum(errors) AS errors,
           histogram_quantile(histogram, 0.5) AS p50_ns,
           histogram_quantile(histogram, 0.99) AS p99_ns
    FROM merged
    GROUP BY client, server, protocol, role
    UNION ALL
    SELECT CASE role WHEN 'client' THEN service ELSE peer_service END AS client,
           CASE WHEN role = 'client' AND peer_service = '' THEN path
                WHEN role = 'client' THEN peer_service ELSE service END AS server,
           'unix' AS protocol,
           role,
           count(*) AS requests,
           sum(CASE event WHEN 'failed' THEN 1 ELSE 0 END) AS errors,
           NULL AS p50_ns,
           NULL AS p99_ns
    FROM unix
    WHERE time_ns >= :since AND time_ns < :until
      AND (event IN ('connect', 'accept', 'existing') OR reason IN ('refused', 'denied', 'busy'))
      AND :unix
    GROUP BY client, server, role
    UNION ALL
    SELECT CASE role WHEN 'client' THEN service ELSE peer_service END AS client,
           CASE role WHEN 'client' THEN peer_service ELSE service END AS server,
           'udp' AS protocol,
           role,
           sum(is_start) AS requests,
           0 AS errors,
           NULL AS p50_ns,
           NULL AS p99_ns
    FROM udp
    WHERE time_ns >= :since AND time_ns < :until AND protocol = '' AND :udp
    GROUP BY client, server, role
)
SELECT client, server, protocol,
       max(requests) AS requests,
       max(errors) AS errors,
       max(p50_ns) AS p50_ns,
       max(p99_ns) AS p99_ns
FROM seen
GROUP BY client, server, protocol
ORDER BY requests DESC
LIMIT 1000
