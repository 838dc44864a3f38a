-- What was asked in this time and never before it, as far as the store reaches
-- :since  1h  time  where the new begins
SELECT service, protocol, operation, target,
       min(time_ns) AS first_time_ns,
       sum(count) AS requests,
       sum(error_count) AS errors
FROM request_rate
WHERE role = 'server'
GROUP BY service, protocol, operation, target
HAVING min(time_ns) >= :since
ORDER BY first_time_ns DESC
LIMIT 100
