/* owner: purchasing
   description: Pieces and revenue of each article at each of its prices, those that sold nothing included.
   key: [sku, valid_from]
   units: {revenue: EUR}                                                                                    */
SELECT
  s.sku,
  s.valid_from,
  coalesce(sum(v.quantity), 0) AS pieces,
  coalesce(sum(v.net), 0) AS revenue
FROM price_span AS s
LEFT JOIN line_value AS v
  ON v.sku = s.sku
  AND timezone('Europe/Paris', v.placed)::DATE BETWEEN s.valid_from AND coalesce(s.valid_to, DATE '9999-12-31')
GROUP BY s.sku, s.valid_from
