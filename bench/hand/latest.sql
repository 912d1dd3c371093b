-- Latest amount, status and item before each example; ties by seq. Over views
-- events(entity, ts, seq, amount, status, item) and examples(example, entity, at).
-- One sort of both, the event's number carried down it, one hash join to fetch its columns.
WITH stack AS (
  SELECT entity, 2 * epoch_us(ts) + 1 AS k, seq AS v FROM events
  UNION ALL
  SELECT entity, 2 * epoch_us("at"), example FROM examples
), above AS (
  SELECT entity, k, v, last_value(CASE WHEN k & 1 = 1 THEN v END IGNORE NULLS) OVER (ROWS UNBOUNDED PRECEDING) AS seq
  FROM (SELECT * FROM stack ORDER BY entity, k, v)
), probe AS (
  SELECT v AS example, entity, seq FROM above WHERE k & 1 = 0
)
SELECT p.example, e.amount AS latest_amount, e.status AS latest_status, e.item AS latest_item
FROM probe AS p LEFT JOIN events AS e ON p.seq = e.seq AND p.entity = e.entity
ORDER BY p.example
