-- Who listens on TCP ports, and how much comes in
-- :since  1h  time  how far back to look
-- :limit  100  number  at most so many rows
SELECT service, container, local_port,
       max(CASE event WHEN 'listen' THEN local_address ELSE '' END) AS listens_on,
       max(comm) AS comm,
       sum(event = 'accept') AS accepted,
       count(DISTINCT CASE event WHEN 'accept' THEN peer_address END) AS peers,
       sum(CASE event WHEN 'close' THEN bytes_received ELSE 0 END) AS received_bytes,
       sum(CASE event WHEN 'close' THEN bytes_sent ELSE 0 END) AS sent_bytes,
       max(time_ns) AS last_time_ns
FROM tcp
WHERE time_ns >= :since AND (event = 'listen' OR role = 'server')
GROUP BY service, container, local_port
ORDER BY accepted DESC, service, local_port
LIMIT :limit
