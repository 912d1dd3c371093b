/* owner: web
   description: Views of each hour by device, in columns.
   key: hour                                             */
SELECT *
FROM (
  PIVOT (
    SELECT date_trunc('hour', seen) AS hour, device, coalesce(dwell, 0) AS dwell
    FROM page_view
  )
  ON device IN ('phone', 'tablet', 'desktop')
  USING count(*) AS views, max(dwell) AS longest
  GROUP BY hour
)
