/* owner: data
   description: Order lines with what they come to, and with the list price and cost of their day.
   key: [order_id, line]
   at: placed
   units: {net: EUR, cost: EUR, weight: kilogram, below_list: EUR_cent}                            */
SELECT
  order_id,
  l.line,
  o.placed,
  l.sku,
  l.quantity,
  l.quantity * l.unit_price * (1 - l.discount / 100) / 100 AS net,
  l.quantity * p.cost * p.dollar AS cost,
  l.quantity * p.weight / 1000 AS weight,
  greatest(p.price - l.unit_price, 0) AS below_list
FROM order_line AS l
JOIN orders AS o USING (order_id)
ASOF LEFT JOIN price AS p
  ON p.sku = l.sku AND timezone('Europe/Paris', o.placed)::DATE >= p.valid_from
