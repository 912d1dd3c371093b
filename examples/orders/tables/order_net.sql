/* owner: data
   description: What is left of each order that wasn't cancelled, after its refunds.
   key: order_id
   at: placed
   units: {total: EUR, back: EUR, net: EUR}                                          */
SELECT
  v.order_id,
  v.customer_id,
  v.placed,
  v.channel,
  v.total,
  coalesce(r.back, 0) AS back,
  v.total - coalesce(r.back, 0) AS net,
  coalesce(r.refunds, 0) AS refunds,
  r.last_reason
FROM order_value AS v
LEFT JOIN (
  SELECT
    order_id,
    sum(amount) / 100 AS back,
    count(*) AS refunds,
    arg_max(reason, (refunded, refund_id)) AS last_reason
  FROM refund
  WHERE reason <> 'cancelled'
  GROUP BY order_id
) AS r ON r.order_id = v.order_id
WHERE v.cancelled IS NULL
