-- Requests, errors and latency over time
-- :since    1h  time      how far back to look
-- :step     1m  duration  length of a step
-- :service  ''  text      only this service
-- coarse: since now step
SELECT time_ns / :step * :step AS step_time_ns,
       sum(count) AS requests,
       sum(error_count) AS errors,
       histogram_quantile(histogram, 0.5) AS p50_ns,
       histogram_quantile(histogram, 0.99) AS p99_ns
FROM request_rate
WHERE time_ns >= :since AND (:service = '' OR service = :service)
GROUP BY step_time_ns
ORDER BY step_time_ns
