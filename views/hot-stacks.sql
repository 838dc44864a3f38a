-- The stacks that CPU time went to, the outermost function first
-- :since    1h  time    how far back to look
-- :service  ''  text    only this service
-- :limit    20  number  how many rows
SELECT service, sum(cpu_ns) AS cpu_ns,
	(SELECT frames FROM stack WHERE stack.stack_id = sample.stack_id LIMIT 1) AS frames
FROM sample
WHERE time_ns >= :since AND cpu_ns > 0 AND (:service = '' OR service = :service)
GROUP BY service, stack_id
ORDER BY cpu_ns DESC
LIMIT :limit
