/* owner: purchasing
   description: Prices with the day before the next one, and the change in percent.
   key: [sku, valid_from]
   units: {change: percent}                                                         */
SELECT
  sku,
  valid_from,
  lead(valid_from) OVER article - 1 AS valid_to,
  price,
  100 * (price - lag(price) OVER article) / lag(price) OVER article AS change,
  rank() OVER (PARTITION BY sku ORDER BY price DESC) AS dearest
FROM price
WINDOW article AS (PARTITION BY sku ORDER BY valid_from)
