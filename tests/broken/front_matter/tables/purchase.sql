/* owner: data-platform
   keys: order_id
   at: [placed]        */
SELECT * FROM "order"
