/* owner: data
   description: Orders with what their lines come to.
   key: order_id
   at: placed
   units: {goods: EUR, total: EUR, margin: EUR, weight: kilogram}
   # An order comes with all of its lines, in one message.
   available:
     order_id: placed + INTERVAL 1 MINUTE
     customer_id: placed + INTERVAL 1 MINUTE
     placed: placed + INTERVAL 1 MINUTE
     channel: placed + INTERVAL 1 MINUTE
     country: placed + INTERVAL 1 MINUTE
     warehouse: placed + INTERVAL 1 MINUTE
     shipping_fee: placed + INTERVAL 1 MINUTE
     cancelled: cancelled
     lines: placed + INTERVAL 1 MINUTE
     goods: placed + INTERVAL 1 MINUTE
     margin: placed + INTERVAL 1 MINUTE
     weight: placed + INTERVAL 1 MINUTE
     dearest: placed + INTERVAL 1 MINUTE
     skus: placed + INTERVAL 1 MINUTE
     total: placed + INTERVAL 1 MINUTE
*/
WITH lines AS (
  SELECT
    order_id,
    count(*) AS lines,
    sum(net) AS goods,
    sum(net - cost) AS margin,
    sum(weight) AS weight,
    max_by(sku, (net, line)) AS dearest,
    list(DISTINCT sku ORDER BY sku) AS skus
  FROM line_value
  GROUP BY order_id
)
SELECT
  o.*,
  lines.* EXCLUDE (order_id),
  lines.goods + o.shipping_fee AS total
FROM orders AS o
JOIN lines USING (order_id)
