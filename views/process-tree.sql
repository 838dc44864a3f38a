-- The deepest chains of processes that started one another
-- :since  10m  time    how far back to look
-- :limit  20   number  how many rows
WITH RECURSIVE chain(pid, depth, path, time_ns) AS (
    SELECT pid, 1, comm, time_ns FROM exec
    WHERE time_ns >= :since
      AND parent_pid NOT IN (SELECT pid FROM exec WHERE time_ns >= :since)
    UNION ALL
    SELECT child.pid, chain.depth + 1, chain.path || ' > ' || child.comm, child.time_ns
    FROM exec AS child JOIN chain ON child.parent_pid = chain.pid
    WHERE child.time_ns >= chain.time_ns AND child.pid <> chain.pid AND chain.depth < 32
)
SELECT depth, time_ns, pid, path
FROM chain
ORDER BY depth DESC, time_ns DESC
LIMIT :limit
