/* owner: logistics
   description: Parcels of each week by warehouse and carrier, and the share that was late over four weeks.
   key: [week, warehouse, carrier]                                                                          */
WITH weekly AS (
  SELECT
    date_trunc('week', timezone('Europe/Paris', shipped))::DATE AS week,
    warehouse,
    carrier,
    count(*) AS parcels,
    count(*) FILTER (WHERE late) AS late,
    max(wait) AS longest_wait
  FROM parcel
  GROUP BY ALL
)
SELECT
  *,
  sum(late) OVER last_weeks / sum(parcels) OVER last_weeks AS share
FROM weekly
WINDOW last_weeks AS (
  PARTITION BY warehouse, carrier ORDER BY week RANGE BETWEEN INTERVAL 21 DAY PRECEDING AND CURRENT ROW
)
