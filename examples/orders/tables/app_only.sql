/* owner: growth
   description: Customers who use the app and the web but never came to the shop, and those who use the app alone.
   key: [habit, customer_id]                                                                                        */
SELECT 'app and web' AS habit, customer_id
FROM (
  (
    SELECT customer_id FROM orders WHERE channel = 'app'
    INTERSECT
    SELECT customer_id FROM orders WHERE channel = 'web'
  )
  EXCEPT
  SELECT customer_id FROM orders WHERE channel = 'shop'
)
UNION ALL
SELECT 'app' AS habit, customer_id
FROM (
  SELECT customer_id FROM orders WHERE channel = 'app'
  EXCEPT
  SELECT customer_id FROM orders WHERE channel IN ('web', 'shop')
)
