/* owner: finance
   description: Refunds for orders that nobody knows.
   key: refund_id
   at: refunded
   units: {amount: EUR}                               */
SELECT refund_id, order_id, refunded, amount / 100 AS amount
FROM refund
ANTI JOIN orders USING (order_id)
