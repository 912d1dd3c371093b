/* owner: finance
   description: What was due and what came in, where these differ by more than a cent.
   key: order_id
   units: {due: EUR, came: EUR, open: EUR}                                             */
-- balun: accept null-reaches-required: a full join has a row of one side at least
WITH came AS (
  SELECT order_id, sum(amount) / 100 AS came FROM ledger GROUP BY order_id
),
due AS (
  SELECT order_id, net AS due FROM order_net
)
SELECT
  order_id,
  due.due,
  came.came,
  coalesce(due.due, 0) - coalesce(came.came, 0) AS open,
  CASE
    WHEN due.order_id IS NULL THEN 'no order'
    WHEN came.order_id IS NULL THEN 'not paid'
    WHEN due.due > came.came THEN 'too little'
    ELSE 'too much'
  END AS state
FROM due
FULL OUTER JOIN came USING (order_id)
WHERE abs(coalesce(due.due, 0) - coalesce(came.came, 0)) > 0.015
