/* owner: analytics
   description: Of the users who first came in a week, how many were there in each week after.
   key: [cohort, weeks_later]                                                                  */
WITH size AS (
  SELECT cohort, count(*) AS users FROM first_session GROUP BY cohort
)
SELECT
  f.cohort,
  date_diff('week', f.cohort, date_trunc('week', timezone('Europe/Berlin', s.began))::DATE) AS weeks_later,
  count(DISTINCT s.user_id) AS users,
  count(DISTINCT s.user_id) / any_value(size.users) AS share
FROM session AS s
JOIN first_session AS f USING (user_id)
JOIN size ON size.cohort = f.cohort
GROUP BY 1, 2
HAVING weeks_later >= 0
