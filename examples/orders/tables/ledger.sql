/* owner: finance
   description: Money in and out, order by order, with the balance after each entry and the month's turnover up to it.
   key: [kind, entry]
   at: booked
   units: {amount: EUR_cent, balance: EUR_cent, month: EUR_cent}                                                      */
WITH entries AS (
  SELECT 'payment' AS kind, payment_id::VARCHAR AS entry, order_id, paid AS booked, amount FROM payment
  UNION ALL
  SELECT 'refund', refund_id, order_id, refunded, -amount FROM refund
)
SELECT
  *,
  sum(amount) OVER (PARTITION BY order_id ORDER BY booked, kind, entry ROWS UNBOUNDED PRECEDING) AS balance,
  sum(amount) OVER (ORDER BY booked RANGE BETWEEN INTERVAL 30 DAY PRECEDING AND CURRENT ROW) AS month,
  row_number() OVER (PARTITION BY order_id ORDER BY booked, kind, entry) AS number
FROM entries
