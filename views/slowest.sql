-- The slowest requests of a long time, found by the exact counts: the slowest N are in the N buckets with the longest maxima
-- :since  1h   time                 how far back to look
-- :until  now  time                 where to end
-- :where  ''   filter:request_rate  which requests, by what counts know
-- :limit  20   number               how many rows
-- coarse: since until
WITH period AS (
    SELECT time_ns AS from_ns, max(time_ns + bucket_ns) AS to_ns, max(duration_max_ns) AS most_ns
    FROM request_rate
    WHERE time_ns >= :since AND time_ns < :until AND :where
    GROUP BY from_ns
    ORDER BY most_ns DESC
    LIMIT :limit
),
bucket AS (
    SELECT time_ns AS begin_ns, max(time_ns + bucket_ns) AS end_ns, max(duration_max_ns) AS longest_ns
    FROM period CROSS JOIN request_rate
    WHERE time_ns >= from_ns AND time_ns < to_ns AND time_ns >= :since AND time_ns < :until AND :where
    GROUP BY begin_ns
    ORDER BY longest_ns DESC
    LIMIT :limit
)
SELECT time_ns, service, role, protocol, operation, target, status, is_error, duration_ns, peer_service, detail,
       connection
FROM bucket CROSS JOIN request
WHERE time_ns >= begin_ns AND time_ns < end_ns AND :where
ORDER BY duration_ns DESC
LIMIT :limit
