/* owner: payments
   description: Money that came in, with the last touch of the week before it.
   key: payment_id
   at: paid
   units: {amount: EUR}                                                        */
SELECT
  p.payment_id,
  p.user_id,
  p.paid,
  p.amount,
  coalesce(p.method, 'unknown') AS method,
  p.status = 'disputed' AS disputed,
  CASE WHEN t.seen > p.paid - INTERVAL 7 DAY THEN t.channel END AS channel,
  CASE WHEN t.seen > p.paid - INTERVAL 7 DAY THEN t.campaign END AS campaign,
  p.paid - t.seen AS since_touch
FROM (SELECT * FROM payment WHERE status <> 'failed') AS p
ASOF LEFT JOIN (
  SELECT * FROM touch QUALIFY row_number() OVER (PARTITION BY user_id, seen ORDER BY view_id DESC) = 1
) AS t
  ON p.user_id = t.user_id AND p.paid >= t.seen
