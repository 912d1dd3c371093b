/* owner: growth
   description: Pairs of orders that a customer placed within 30 days of each other.
   key: [earlier, later]                                                             */
SELECT
  a.order_id AS earlier,
  b.order_id AS later,
  a.customer_id,
  b.placed - a.placed AS apart,
  a.channel <> b.channel AS changed_channel
FROM orders AS a
-- balun: accept join-fans-out: each pair is meant, so an order is in several
JOIN orders AS b
  ON b.customer_id = a.customer_id
  AND b.placed > a.placed
  AND b.placed <= a.placed + INTERVAL 30 DAY
