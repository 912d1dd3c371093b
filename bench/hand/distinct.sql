-- Distinct items over 7 d. Over views
-- events(entity, ts, seq, amount, status, item) and examples(example, entity, at).
-- Islands of visibility by a sort and streaming lag and lead; begins less ends counted down a second sort.
WITH island AS (
  SELECT
    entity, us,
    coalesce(lag(entity) OVER () = entity AND lag(item) OVER () = item
      AND us - lag(us) OVER () <= 604800000000, FALSE) AS goes_on,
    coalesce(lead(entity) OVER () = entity AND lead(item) OVER () = item
      AND lead(us) OVER () - us <= 604800000000, FALSE) AS lasts
  FROM (SELECT entity, item, epoch_us(ts) AS us FROM events ORDER BY entity, item, us)
), stack AS (
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
  FROM (SELECT * FROM stack ORDER BY entity, k, v)
)
SELECT example, d_7d AS distinct_items_7d FROM counted WHERE example >= 0 ORDER BY example
