-- Services that were watched themselves, and how much was seen from either end
-- :since  1h   time                 how far back to look
-- :until  now  time                 where to end
-- :where  ''   filter:request_rate  which requests, as for skep watch --where
-- coarse: since until
SELECT service, role, sum(count) AS requests, min(time_ns) AS first_time_ns
FROM request_rate
WHERE time_ns >= :since AND time_ns < :until AND :where
GROUP BY service, role
ORDER BY requests DESC
