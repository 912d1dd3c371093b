/* owner: finance
   description: Money that came in by local month and method, with totals of the months and of all, where these are null.
   units: {amount: EUR, median: EUR}                                                                                      */
SELECT
  date_trunc('month', timezone('Europe/Paris', paid))::DATE AS month,
  method,
  grouping(month, method) AS total_of,
  count(*) AS payments,
  sum(amount) / 100 AS amount,
  median(amount / 100) AS median
FROM payment
GROUP BY ROLLUP (month, method)
