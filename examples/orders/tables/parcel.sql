/* owner: logistics
   description: Parcels, how long each waited and travelled, and by how much it was late.
   key: shipment_id
   at: shipped
   units: {weight: kilogram, wait: day, road: day, days_late: day}                                            */
SELECT
  s.shipment_id,
  s.order_id,
  s.carrier,
  o.warehouse,
  coalesce(o.country, 'unknown') AS country,
  o.placed,
  s.shipped,
  s.delivered,
  s.weight / 1000 AS weight,
  date_diff('minute', o.placed, s.shipped) / 60 / 24 AS wait,
  date_diff('minute', s.shipped, s.delivered) / 60 / 24 AS road,
  date_diff('day', s.promised, timezone('Europe/Paris', s.delivered)::DATE) AS days_late,
  coalesce(timezone('Europe/Paris', s.delivered)::DATE > s.promised, true) AS late
FROM shipment AS s
JOIN orders AS o ON o.order_id = s.order_id
