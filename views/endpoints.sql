-- What each service serves: requests, errors and latency of every operation and target
-- :since    1h   time                 how far back to look
-- :until    now  time                 where to end
-- :service  ''   text                 only this service
-- :where    ''   filter:request_rate  which requests, as for skep watch --where
-- :limit    50   number               how many rows
-- coarse: since until
SELECT service, protocol, operation, target,
       sum(count) AS requests,
       sum(error_count) AS errors,
       histogram_quantile(histogram, 0.5) AS p50_ns,
       histogram_quantile(histogram, 0.95) AS p95_ns,
       histogram_quantile(histogram, 0.99) AS p99_ns,
       max(duration_max_ns) AS max_ns
FROM request_rate
WHERE time_ns >= :since AND time_ns < :until AND role = 'server'
      AND (:service = '' OR service = :service) AND :where
GROUP BY service, protocol, operation, target
ORDER BY requests DESC
LIMIT :limit
