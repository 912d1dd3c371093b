/* owner: logistics
   description: Shelves of each day with the last count, the lowest of the week up to it, and roughly how many counts there were.
   key: [warehouse, sku, day]                                                                                                */
WITH daily AS (
  SELECT
    warehouse,
    sku,
    date_trunc('day', scanned)::DATE AS day,
    arg_max(pieces, scanned) AS pieces,
    min(pieces) AS fewest,
    count(*) / 0.25 AS counts
  FROM stock_scan
  GROUP BY ALL
)
SELECT
  *,
  min(fewest) OVER (
    PARTITION BY warehouse, sku ORDER BY day RANGE BETWEEN INTERVAL 6 DAY PRECEDING AND CURRENT ROW
  ) AS fewest_of_week,
  last_value(pieces) OVER (
    PARTITION BY warehouse, sku ORDER BY day ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING
  ) AS day_before
FROM daily
