-- How content the clients of each service are (Apdex: full marks below a duration, half below four times that)
-- :since   1h     time      how far back to look
-- :target  100ms  duration  what counts as quick
SELECT service, protocol,
       sum(weight) AS requests,
       sum(weight * CASE WHEN is_error THEN 0.0
                         WHEN duration_ns <= :target THEN 1.0
                         WHEN duration_ns <= 4 * :target THEN 0.5
                         ELSE 0.0 END) / sum(weight) AS apdex
FROM request
WHERE time_ns >= :since AND role = 'server'
GROUP BY service, protocol
ORDER BY apdex
