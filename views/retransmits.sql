-- Peers to which TCP had to send again: the networks and hosts that lose packets
-- :since  1h  time  how far back to look
-- :limit  50  number  at most so many rows
SELECT peer_address,
       max(peer_service) AS peer_service,
       count(*) AS connections,
       sum(retransmits > 0) AS with_retransmits,
       sum(retransmits) AS retransmits,
       sum(bytes_sent) AS sent_bytes,
       quantile(CASE WHEN rtt_ns > 0 THEN rtt_ns END, 0.5) AS rtt_ns,
       sum(reason = 'timed_out') AS timed_out
FROM tcp
WHERE time_ns >= :since AND event IN ('close', 'failed')
GROUP BY peer_address
HAVING sum(retransmits) > 0
ORDER BY retransmits DESC
LIMIT :limit
