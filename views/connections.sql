-- Who connects to whom over TCP: opened, failed, ended, bytes and round trips
-- :since  1h   time        how far back to look
-- :until  now  time        where to end
-- :where  ''   filter:tcp  which events, as for skep watch --where
SELECT service, role, peer_service,
       CASE role WHEN 'client' THEN peer_address ELSE local_address END AS server_address,
       CASE role WHEN 'client' THEN peer_port ELSE local_port END AS server_port,
       sum(event IN ('connect', 'accept')) AS opened,
       sum(event = 'failed') AS failed,
       sum(event = 'close') AS ended,
       sum(event = 'close' AND reason IN ('local_reset', 'peer_reset', 'timed_out')) AS broken,
       sum(CASE event WHEN 'close' THEN bytes_sent ELSE 0 END) AS sent_bytes,
       sum(CASE event WHEN 'close' THEN bytes_received ELSE 0 END) AS received_bytes,
       quantile(CASE WHEN rtt_ns > 0 THEN rtt_ns END, 0.5) AS rtt_ns,
       sum(CASE event WHEN 'close' THEN retransmits ELSE 0 END) AS retransmits
FROM tcp
WHERE time_ns >= :since AND time_ns < :until AND event <> 'listen' AND :where
GROUP BY service, role, peer_service, server_address, server_port
ORDER BY failed DESC, broken DESC, opened DESC
LIMIT 500
