-- Who calls whom over time
-- :since  1h  time      how far back to look
-- :step   5m  duration  length of a step
-- coarse: since now step
SELECT time_ns / :step * :step AS step_time_ns,
       CASE role WHEN 'client' THEN service ELSE peer_service END AS client,
       CASE role WHEN 'client' THEN peer_service ELSE service END AS server,
       role AS seen_as,
       sum(count) AS requests,
       sum(error_count) AS errors
FROM request_rate
WHERE time_ns >= :since
GROUP BY step_time_ns, client, server, role
ORDER BY step_time_ns, requests DESC
