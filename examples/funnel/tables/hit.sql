/* owner: web
   description: Each product that a search showed, and whether its user looked at it within ten minutes.
   key: [search_id, rank]
   at: searched                                                                                          */
-- balun: accept declared-key-not-implied: no two hits of a search have one rank, which a run tests
SELECT
  s.search_id,
  s.user_id,
  s.searched,
  regexp_replace(lower(trim(s.query)), '\s+', ' ', 'g') AS query,
  s.product,
  s.rank,
  coalesce(json_extract_string(s.filters, '$.in_stock') = 'true', false) AS in_stock_only,
  TRY_CAST(json_extract_string(s.filters, '$.max_price') AS INTEGER) AS max_price,
  EXISTS (
    SELECT 1
    FROM page_view AS v
    WHERE v.user_id = s.user_id
      AND v.product = s.product
      AND v.seen BETWEEN s.searched AND s.searched + INTERVAL 10 MINUTE
  ) AS looked_at
FROM (
  SELECT * EXCLUDE (hit), hit.product AS product, hit.rank AS rank
  FROM (SELECT search_id, user_id, searched, query, filters, unnest(hits) AS hit FROM search)
) AS s
WHERE s.rank IS NOT NULL
