/* owner: web
   description: How quick searches are and how many find nothing, by local hour of the day and kind of query.
   key: [hour, kind]
   units: {median: millisecond, slowest: millisecond}                                                        */
SELECT
  hour(timezone('Europe/Berlin', searched)) AS hour,
  CASE
    WHEN lower(query) LIKE '%sale%' THEN 'bargain'
    WHEN length(trim(query)) <= 4 THEN 'short'
    WHEN query IN ('tent', 'zelt', 'boots', 'stove', 'rope') THEN 'plain'
    ELSE 'other'
  END AS kind,
  count(*) AS searches,
  median(latency * 1000) AS median,
  quantile_cont(latency * 1000, 0.99) AS slowest,
  avg((len(hits) = 0)::INT) AS empty,
  max_by(query, (latency, search_id)) AS slowest_query
FROM search
GROUP BY ALL
HAVING count(*) >= 3
