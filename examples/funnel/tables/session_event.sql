/* owner: analytics
   description: Activity with the number of its session; half an hour without any begins a new one.
   key: [kind, id]
   at: happened
   units: {gap: second}                                                                              */
WITH before AS (
  SELECT
    *,
    date_diff('second', lag(happened) OVER sequence, happened) AS gap
  FROM activity
  WINDOW sequence AS (PARTITION BY user_id ORDER BY happened, kind, id)
)
SELECT
  kind,
  id,
  user_id,
  happened,
  device,
  detail,
  looked,
  gap,
  sum(CASE WHEN gap IS NULL OR gap > 30 * 60 THEN 1 ELSE 0 END)
    OVER (PARTITION BY user_id ORDER BY happened, kind, id ROWS UNBOUNDED PRECEDING)::BIGINT AS session
FROM before
