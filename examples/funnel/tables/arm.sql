/* owner: experiments
   description: Sessions and sales by experiment and arm, by arm and device, and in all.
   key: [experiment, arm, device]                                                       */
-- balun: accept declared-key-not-implied: a total says 'all', which is no experiment, arm or device
SELECT
  coalesce(e.experiment, 'all') AS experiment,
  coalesce(e.arm, 'all') AS arm,
  coalesce(s.device, 'all') AS device,
  count(*) AS sessions,
  count(*) FILTER (WHERE s.bought) AS sales,
  avg(s.bought::INT) AS rate,
  stddev_samp(s.bought::INT) / sqrt(count(*)) AS error
FROM session AS s
JOIN exposure AS e ON e.user_id = s.user_id AND s.began >= e.exposed
GROUP BY GROUPING SETS ((e.experiment, e.arm), (e.experiment, e.arm, s.device), ())
