-- What services wait for, and for how long, as the profiler sampled it
-- :since    1h  time    how far back to look
-- :service  ''  text    only this service
-- :limit    50  number  how many rows
SELECT service, comm, state, sum(wait_ns) AS wait_ns, sum(run_queue_ns) AS run_queue_ns, sum(waits) AS waits
FROM sample
WHERE time_ns >= :since AND waits > 0 AND (:service = '' OR service = :service)
GROUP BY service, comm, state
ORDER BY wait_ns DESC
LIMIT :limit
