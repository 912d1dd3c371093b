/* owner: finance
   description: Refunds of single lines of orders that were paid, beside the line that each is for.
   key: [refund_id, line]
   at: refunded
   units: {paid: EUR, refunded_share: EUR}                                 */
-- balun: accept declared-key-not-implied: the desk names a line once in a refund, which a run tests
WITH each AS (
  SELECT refund_id, order_id, refunded, reason, amount / 100 AS amount, len(lines) AS parts, unnest(lines) AS line
  FROM refund
)
SELECT
  e.refund_id,
  e.order_id,
  v.line,
  e.refunded,
  e.reason,
  v.sku,
  v.net AS paid,
  e.amount / e.parts AS refunded_share,
  e.refunded - v.placed AS kept
FROM each AS e
JOIN line_value AS v ON v.order_id = e.order_id AND v.line = e.line
SEMI JOIN payment AS p ON p.order_id = e.order_id
