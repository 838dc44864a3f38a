-- Processes started and ended over time
-- :since  1h  time      how far back to look
-- :step   1m  duration  length of a step
SELECT step_time_ns, sum(started) AS started, sum(ended) AS ended
FROM (SELECT time_ns / :step * :step AS step_time_ns, 1 AS started, 0 AS ended
      FROM exec WHERE time_ns >= :since
      UNION ALL
      SELECT time_ns / :step * :step, 0, 1
      FROM exit WHERE time_ns >= :since) AS steps
GROUP BY step_time_ns
ORDER BY step_time_ns
