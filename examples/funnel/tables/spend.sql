/* owner: marketing
   description: What advertisements cost by day and source, raised from the sample, and what they brought.
   key: [day, source]
   units: {spent: EUR, earned: EUR}                                                                        */
-- balun: accept unit-mixed: 0.1 is the share of them that is captured, and converts nothing
WITH cost AS (
  SELECT date_trunc('day', shown)::DATE AS day, source, sum(cost) / 0.1 / 100 AS spent, count(*) * 10 AS shown
  FROM impression
  GROUP BY ALL
),
earned AS (
  SELECT date_trunc('day', s.paid)::DATE AS day, t.source, sum(s.amount) AS earned
  FROM sale AS s
  ASOF JOIN (
    SELECT user_id, seen, source FROM touch QUALIFY row_number() OVER (PARTITION BY user_id, seen ORDER BY view_id) = 1
  ) AS t
    ON t.user_id = s.user_id AND t.seen <= s.paid
  GROUP BY 1, 2
)
SELECT day, source, cost.spent, cost.shown, coalesce(earned.earned, 0) AS earned
FROM cost
LEFT JOIN earned USING (day, source)
