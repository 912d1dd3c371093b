/* owner: growth
   description: Additions to a cart that nobody paid within a day, with what was looked at last before.
   key: cart_id
   at: changed
   units: {worth: EUR}                                                                                 */
SELECT
  c.cart_id,
  c.user_id,
  c.changed,
  c.product,
  c.quantity * c.unit_price / 100 AS worth,
  before.product AS looked_at,
  before.seen AS looked_when,
  (SELECT max(p.paid) FROM payment AS p WHERE p.user_id = c.user_id AND p.paid < c.changed) AS paid_before
FROM cart AS c
LEFT JOIN LATERAL (
  SELECT v.product, v.seen
  FROM page_view AS v
  WHERE v.user_id = c.user_id AND v.seen <= c.changed AND v.product IS NOT NULL
  ORDER BY v.seen DESC, v.view_id DESC
  LIMIT 1
) AS before ON true
WHERE c.action = 'add'
  AND NOT EXISTS (
    SELECT 1
    FROM sale AS s
    WHERE s.user_id = c.user_id AND s.paid BETWEEN c.changed AND c.changed + INTERVAL 1 DAY
  )
  AND c.user_id IN (SELECT user_id FROM visitor)
