-- Names that do not resolve: no answer, or one that says no
-- :since  1h  time  how far back to look
-- :limit  50  number  at most so many rows
SELECT name, type, service, server_address,
       CASE WHEN code = '' THEN 'no answer' ELSE code END AS outcome,
       count(*) AS failed,
       sum(retries) AS retries,
       max(time_ns) AS last_time_ns
FROM dns
WHERE time_ns >= :since AND is_error AND role = 'client'
GROUP BY name, type, service, server_address, outcome
ORDER BY failed DESC, name
LIMIT :limit
