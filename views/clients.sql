-- Who calls a service, and how it fares
-- :service  ''  text  the service that is called; all when empty
-- :since    1h  time  how far back to look
SELECT service AS server, peer_service AS client, peer_address, protocol,
       sum(weight) AS requests,
       sum(is_error * weight) AS errors,
       quantile(duration_ns, 0.5, weight) AS p50_ns,
       quantile(duration_ns, 0.99, weight) AS p99_ns
FROM request
WHERE time_ns >= :since AND role = 'server' AND (:service = '' OR service = :service)
GROUP BY service, peer_service, peer_address, protocol
ORDER BY requests DESC
LIMIT 200
