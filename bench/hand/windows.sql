-- Count, sum and mean of amount over 1 h, 1 d and 30 d. Over views
-- events(entity, ts, seq, amount, status, item) and examples(example, entity, at).
-- One sort of events and stacked probes, streaming running sums, a pivot.
WITH stack AS (
  SELECT entity, 2 * epoch_us(ts) + 1 AS k, amount::BIGINT AS v FROM events
  UNION ALL
  SELECT entity, 2 * (epoch_us("at") - w), (example << 2) + i
  FROM examples, (VALUES (0, 0), (1, 3600000000), (2, 86400000000), (3, 2592000000000)) AS probe(i, w)
), running AS (
  SELECT
    k, v,
    count(*) FILTER (k & 1 = 1) OVER (ROWS UNBOUNDED PRECEDING) AS c,
    coalesce(sum(v) FILTER (k & 1 = 1) OVER (ROWS UNBOUNDED PRECEDING), 0)::BIGINT AS s
  FROM (SELECT * FROM stack ORDER BY entity, k, v)
), pivot_ AS (
  SELECT
    v >> 2 AS example,
    max(c) FILTER (v & 3 = 0) - max(c) FILTER (v & 3 = 1) AS c_1h,
    max(c) FILTER (v & 3 = 0) - max(c) FILTER (v & 3 = 2) AS c_1d,
    max(c) FILTER (v & 3 = 0) - max(c) FILTER (v & 3 = 3) AS c_30d,
    max(s) FILTER (v & 3 = 0) - max(s) FILTER (v & 3 = 1) AS s_1h,
    max(s) FILTER (v & 3 = 0) - max(s) FILTER (v & 3 = 2) AS s_1d,
    max(s) FILTER (v & 3 = 0) - max(s) FILTER (v & 3 = 3) AS s_30d
  FROM running WHERE k & 1 = 0 GROUP BY ALL
)
SELECT
  example, c_1h AS windows_n_1h, c_1d AS windows_n_1d, c_30d AS windows_n_30d,
  CASE WHEN c_1h > 0 THEN s_1h END AS windows_total_1h,
  CASE WHEN c_1d > 0 THEN s_1d END AS windows_total_1d,
  CASE WHEN c_30d > 0 THEN s_30d END AS windows_total_30d,
  s_1h / nullif(c_1h, 0) AS windows_mean_1h, s_1d / nullif(c_1d, 0) AS windows_mean_1d,
  s_30d / nullif(c_30d, 0) AS windows_mean_30d
FROM pivot_ ORDER BY example
