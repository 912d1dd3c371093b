/* owner: analytics
   description: Views that came from outside, with the campaign that led here.
   key: view_id
   at: seen                                                                      */
SELECT
  view_id,
  user_id,
  seen,
  received,
  source,
  lower(trim(replace(regexp_extract(link, 'utm_campaign=([^&]*)', 1), '%20', ' '))) AS campaign,
  CASE
    WHEN source IN ('google', 'instagram') THEN 'paid'
    WHEN source = 'newsletter' THEN 'owned'
    WHEN source LIKE 'partner%' THEN 'partner'
    ELSE 'other'
  END AS channel
FROM (
  SELECT *, lower(nullif(regexp_extract(link, 'utm_source=([^&]*)', 1), '')) AS source
  FROM page_view
  WHERE link IS NOT NULL
)
