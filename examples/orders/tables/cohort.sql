/* owner: growth
   description: Revenue by the month of a customer's first order and by the months since.
   key: [cohort, months_later]
   units: {revenue: EUR, so_far: EUR}                                                     */
WITH first AS (
  SELECT customer_id, date_trunc('month', min(timezone('Europe/Paris', placed)))::DATE AS cohort
  FROM order_net
  GROUP BY customer_id
),
monthly AS (
  SELECT
    f.cohort,
    date_diff('month', f.cohort, timezone('Europe/Paris', n.placed)::DATE) AS months_later,
    sum(n.net) AS revenue,
    count(DISTINCT n.customer_id) AS customers
  FROM order_net AS n
  JOIN first AS f USING (customer_id)
  GROUP BY 1, 2
)
SELECT
  *,
  sum(revenue) OVER (PARTITION BY cohort ORDER BY months_later) AS so_far,
  customers / first_value(customers) OVER (PARTITION BY cohort ORDER BY months_later) AS still_there
FROM monthly
