-- Statements that databases spend most time on: all that differ only in their data are one
-- :since    1h        time            how far back to look
-- :until    now       time            where to end
-- :service  ''        text            only this service
-- :where    ''        filter:request  which requests, as for skep watch --where
-- :limit    50        number          how many rows
SELECT service, role, protocol, max(detail) AS statement, target AS table_name,
       sum(weight) AS calls,
       sum(weight * duration_ns) AS total_ns,
       sum(weight * duration_ns) / sum(weight) AS mean_ns,
       max(duration_ns) AS max_ns,
       sum(weight * is_error) AS errors,
       sum(weight * response_bytes) / sum(weight) AS mean_response_bytes,
       fingerprint
FROM request
WHERE time_ns >= :since AND time_ns < :until AND fingerprint <> 0
      AND (:service = '' OR service = :service) AND :where
GROUP BY service, role, protocol, target, fingerprint
ORDER BY total_ns DESC
LIMIT :limit
