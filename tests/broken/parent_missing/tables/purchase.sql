/* owner: data-platform
   key: order_id
   at: placed          */
SELECT *
FROM orders
