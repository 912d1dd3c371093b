/* owner: analytics
   description: Of each local day and device, how many sessions reached each step, and which share of the step before.
   key: [day, device, step]                                                                                            */
-- balun: accept declared-key-not-implied: UNPIVOT makes one row of each name
WITH daily AS (
  SELECT
    date_trunc('day', timezone('Europe/Berlin', began))::DATE AS day,
    device,
    count(*) AS visited,
    count_if(product_views > 0) AS saw_product,
    count_if(adds > 0) AS filled_cart,
    count_if(reached_checkout) AS checked_out,
    count_if(bought) AS bought
  FROM session
  GROUP BY 1, 2
),
steps AS (
  UNPIVOT daily ON visited, saw_product, filled_cart, checked_out, bought INTO NAME step VALUE sessions
)
SELECT
  day,
  device,
  step,
  sessions,
  sessions / nullif(max(sessions) OVER (PARTITION BY day, device), 0) AS of_visits
FROM steps
WHERE step <> 'visited' OR sessions > 0
