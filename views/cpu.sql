-- CPU time by service and program, as the profiler sampled it
-- :since  1h  time    how far back to look
-- :limit  50  number  how many rows
SELECT service, comm, sum(cpu_ns) AS cpu_ns, sum(count) AS samples, count(DISTINCT stack_id) AS stacks
FROM sample
WHERE time_ns >= :since AND cpu_ns > 0
GROUP BY service, comm
ORDER BY cpu_ns DESC
LIMIT :limit
