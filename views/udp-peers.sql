-- Who exchanges datagrams with whom over UDP: flows, datagrams and bytes both ways
-- :since  1h   time    how far back to look
-- :limit  100  number  at most so many rows
SELECT service, role,
       CASE WHEN peer_service <> '' THEN peer_service ELSE peer_address END AS peer,
       CASE role WHEN 'server' THEN local_port ELSE peer_port END AS server_port,
       protocol,
       sum(is_start) AS flows,
       sum(packets_sent) AS packets_sent,
       sum(packets_received) AS packets_received,
       sum(bytes_sent) AS sent_bytes,
       sum(bytes_received) AS received_bytes,
       max(time_ns + duration_ns) AS last_time_ns
FROM udp
WHERE time_ns >= :since
GROUP BY service, role, peer, server_port, protocol
ORDER BY sent_bytes + received_bytes DESC
LIMIT :limit
