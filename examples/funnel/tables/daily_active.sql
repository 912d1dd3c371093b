/* owner: analytics
   description: Users of each local day, the days without any included, and of the seven days up to it.
   key: day                                                                                             */
WITH calendar AS (
  SELECT day::DATE AS day
  FROM generate_series(DATE '2024-02-26', DATE '2024-04-21', INTERVAL 1 DAY) AS days(day)
),
seen AS (
  SELECT DISTINCT timezone('Europe/Berlin', began)::DATE AS day, user_id
  FROM session
)
SELECT
  c.day,
  count(s.user_id) AS users,
  (SELECT count(DISTINCT w.user_id) FROM seen AS w WHERE w.day BETWEEN c.day - 6 AND c.day) AS users_of_week,
  isodow(c.day) IN (6, 7) AS weekend
FROM calendar AS c
LEFT JOIN seen AS s ON s.day = c.day
GROUP BY c.day
