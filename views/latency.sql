-- Latency of each service: rate and quantiles
-- :since  1h  time  how far back to look
-- coarse: since now
SELECT service, role, protocol,
       sum(count) AS requests,
       sum(duration_sum_ns) / sum(count) AS mean_ns,
       histogram_quantile(histogram, 0.5) AS p50_ns,
       histogram_quantile(histogram, 0.9) AS p90_ns,
       histogram_quantile(histogram, 0.99) AS p99_ns,
       max(duration_max_ns) AS max_ns
FROM request_rate
WHERE time_ns >= :since
GROUP BY service, role, protocol
ORDER BY p99_ns DESC
