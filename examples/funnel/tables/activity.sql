/* owner: analytics
   description: Everything that a user did, one beneath the other.
   key: [kind, id]
   at: happened                                                     */
SELECT 'view' AS kind, view_id AS id, user_id, seen AS happened, device, page AS detail, dwell / 1000.0 AS looked
FROM page_view
UNION ALL BY NAME
SELECT 'search' AS kind, search_id AS id, user_id, searched AS happened, query AS detail
FROM search
UNION ALL BY NAME
SELECT 'cart' AS kind, cart_id AS id, user_id, changed AS happened, action AS detail
FROM cart
UNION ALL BY NAME
SELECT 'payment' AS kind, payment_id AS id, user_id, paid AS happened, status AS detail
FROM payment
