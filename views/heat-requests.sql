-- How latencies spread over time, from single requests: for filters that counts cannot answer
-- :since  15m  time            how far back to look
-- :until  now  time            where to end
-- :step   10s  duration        length of a step
-- :where  ''   filter:request  which requests, as for skep watch --where
SELECT time_ns / :step * :step AS step_time_ns,
       sum(weight) AS requests,
       sum(is_error * weight) AS errors,
       histogram(duration_ns, weight) AS histogram
FROM request
WHERE time_ns >= :since AND time_ns < :until AND :where
GROUP BY step_time_ns
ORDER BY step_time_ns
