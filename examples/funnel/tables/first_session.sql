/* owner: analytics
   description: Each user's first visit.
   key: user_id
   at: began                             */
SELECT DISTINCT ON (user_id)
  user_id,
  session,
  began,
  date_trunc('week', timezone('Europe/Berlin', began))::DATE AS cohort,
  first_page,
  device
FROM session
ORDER BY user_id, began, session
