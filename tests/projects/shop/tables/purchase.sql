/* owner: data-platform
   description: Orders with their customer's country.
   key: order_id
   at: placed                                         */
SELECT o.order_id, o.customer, o.placed, o.amount, o.channel, o.returned, c.country
FROM "order" AS o
LEFT JOIN customer AS c USING (customer)
