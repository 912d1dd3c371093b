-- latest.sql, windows.sql and distinct.sql together, the first two from one sort. Over views
-- events(entity, ts, seq, amount, status, item) and examples(example, entity, at).
WITH stack AS (
  SELECT entity, 2 * epoch_us(ts) + 1 AS k, seq AS v, amount FROM events
  UNION ALL
  SELECT entity, 2 * (epoch_us("at") - w), (example << 2) + i, 0
  FROM examples, (VALUES (0, 0), (1, 3600000000), (2, 86400000000), (3, 2592000000000)) AS probe(i, w)
), running AS (
  SELECT
    entity, k, v,
    count(*) FILTER (k & 1 = 1) OVER (ROWS UNBOUNDED PRECEDING) AS c,
    sum(amount) OVER (ROWS UNBOUNDED PRECEDING)::BIGINT AS s,
    last_value(CASE WHEN k & 1 = 1 THEN v END IGNORE NULLS) OVER (ROWS UNBOUNDED PRECEDING) AS seq
  FROM (SELECT * FROM stack ORDER BY entity, k, v)
), pivot_ AS (
  SELECT
    v >> 2 AS example, any_value(entity) AS entity, any_value(seq) FILTER (v & 3 = 0) AS seq,
    max(c) FILTER (v & 3 = 0) - max(c) FILTER (v & 3 = 1) AS c_1h,
    max(c) FILTER (v & 3 = 0) - max(c) FILTER (v & 3 = 2) AS c_1d,
    max(c) FILTER (v & 3 = 0) - max(c) FILTER (v & 3 = 3) AS c_30d,
    max(s) FILTER (v & 3 = 0) - max(s) FILTER (v & 3 = 1) AS s_1h,
    max(s) FILTER (v & 3 = 0) - max(s) FILTER (v & 3 = 2) AS s_1d,
    max(s) FILTER (v & 3 = 0) - max(s) FILTER (v & 3 = 3) AS s_30d
  FROM running WHERE k & 1 = 0 GROUP BY ALL
), island AS (
  SELECT
    entity, us,
    coalesce(lag(entity) OVER () = entity AND lag(item) OVER () = item
      AND us - lag(us) OVER () <= 604800000000, FALSE) AS goes_on,
    coalesce(lead(entity) OVER () = entity AND lead(item) OVER () = item
      AND lead(us) OVER () - us <= 604800000000, FALSE) AS lasts
  FROM (SELECT entity, item, epoch_us(ts) AS us FROM events ORDER BY entity, item, us)
), marks AS (
  SELECT entity, 2 * us + 1 AS k, -1 AS v FROM island WHERE NOT goes_on
  UNION ALL
  SELECT entity, 2 * (us + 604800000000) + 1, -2 FROM island WHERE NOT lasts
  UNION ALL
  SELECT entity, 2 * epoch_us("at"), example FROM examples
), counted AS (
  SELECT
    v AS example,
    count(*) FILTER (v = -1) OVER (ROWS UNBOUNDED PRECEDING)
    - count(*) FILTER (v = -2) OVER (ROWS UNBOUNDED PRECEDING) AS d_7d
  FROM (SELECT * FROM marks ORDER BY entity, k, v)
)
SELECT
  g.example, e.amount AS latest_amount, e.status AS latest_status, e.item AS latest_item,
  c_1h AS windows_n_1h, c_1d AS windows_n_1d, c_30d AS windows_n_30d,
  CASE WHEN c_1h > 0 THEN s_1h END AS windows_total_1h,
  CASE WHEN c_1d > 0 THEN s_1d END AS windows_total_1d,
  CASE WHEN c_30d > 0 THEN s_30d END AS windows_total_30d,
  s_1h / nullif(c_1h, 0) AS windows_mean_1h, s_1d / nullif(c_1d, 0) AS windows_mean_1d,
  s_30d / nullif(c_30d, 0) AS windows_mean_30d, d_7d AS distinct_items_7d
FROM pivot_ AS g
LEFT JOIN events AS e ON g.seq = e.seq AND g.entity = e.entity
JOIN counted AS r ON r.example = g.example
WHERE r.example >= 0
ORDER BY g.example
