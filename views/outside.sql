-- Who connects to peers that are not on this node, and by which name they were found
-- :since  1h  time  how far back to look
-- :limit  50  number  at most so many rows
WITH peers AS (
  SELECT service, peer_address, peer_port,
         sum(event IN ('connect', 'existing')) AS opened,
         sum(event = 'failed') AS failed,
         sum(CASE event WHEN 'close' THEN bytes_sent ELSE 0 END) AS sent_bytes,
         sum(CASE event WHEN 'close' THEN bytes_received ELSE 0 END) AS received_bytes,
         max(time_ns) AS last_time_ns
  FROM tcp
  WHERE time_ns >= :since AND role = 'client' AND peer_service = ''
    AND peer_address NOT LIKE '127.%' AND peer_address <> '::1'
  GROUP BY service, peer_address, peer_port
  ORDER BY opened + failed DESC
  LIMIT :limit
),
names AS (
  SELECT DISTINCT name, ', ' || answers || ',' AS answers
  FROM dns
  WHERE time_ns >= :since AND answers <> ''
  LIMIT 10000
)
SELECT service, peer_address, peer_port,
       coalesce((SELECT min(name) FROM names WHERE answers LIKE '%, ' || peer_address || ',%'), '') AS name,
       opened, failed, sent_bytes, received_bytes, last_time_ns
FROM peers
ORDER BY opened + failed DESC
