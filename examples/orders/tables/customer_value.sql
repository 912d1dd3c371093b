/* owner: growth
   description: What each customer of two orders or more has brought so far.
   key: customer_id
   units: {value: EUR}                                                       */
SELECT
  customer_id,
  any_value(c.country) AS country,
  coalesce(any_value(c.kind), 'unknown') AS kind,
  count(*) AS orders,
  sum(n.net) AS value,
  min(n.placed) AS first_order,
  max(n.placed) AS last_order,
  count(DISTINCT n.channel) AS channels,
  ntile(10) OVER (ORDER BY sum(n.net) DESC, customer_id) AS decile,
  avg((n.refunds > 0)::INT) AS refunded
FROM order_net AS n
JOIN customer AS c USING (customer_id)
GROUP BY customer_id
HAVING count(*) > 1 AND sum(n.net) > 0
