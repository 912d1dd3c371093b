/* owner: analytics
   description: A visit of a user, and how far down the funnel it went.
   key: [user_id, session]
   at: ended
   units: {lasted: minute}
   # It is over when nothing came for half an hour, and the last of it may come two hours late.
   available:
     user_id: ended + INTERVAL 150 MINUTE
     session: ended + INTERVAL 150 MINUTE
     began: ended + INTERVAL 150 MINUTE
     ended: ended + INTERVAL 150 MINUTE
     lasted: ended + INTERVAL 150 MINUTE
     events: ended + INTERVAL 150 MINUTE
     product_views: ended + INTERVAL 150 MINUTE
     searches: ended + INTERVAL 150 MINUTE
     adds: ended + INTERVAL 150 MINUTE
     reached_checkout: ended + INTERVAL 150 MINUTE
     bought: ended + INTERVAL 150 MINUTE
     first_page: ended + INTERVAL 150 MINUTE
     last_kind: ended + INTERVAL 150 MINUTE
     device: ended + INTERVAL 150 MINUTE
     looked_p90: ended + INTERVAL 150 MINUTE
     kinds: ended + INTERVAL 150 MINUTE
*/
SELECT
  user_id,
  session,
  min(happened) AS began,
  max(happened) AS ended,
  date_diff('second', min(happened), max(happened)) / 60.0 AS lasted,
  count(*) AS events,
  count(*) FILTER (WHERE kind = 'view' AND detail = 'product') AS product_views,
  count(*) FILTER (WHERE kind = 'search') AS searches,
  count(*) FILTER (WHERE kind = 'cart' AND detail = 'add') AS adds,
  coalesce(bool_or(kind = 'view' AND detail = 'checkout'), false) AS reached_checkout,
  coalesce(bool_or(kind = 'payment' AND detail IN ('captured', 'disputed')), false) AS bought,
  arg_min(detail, (happened, id)) FILTER (WHERE kind = 'view') AS first_page,
  arg_max(kind, (happened, kind, id)) AS last_kind,
  coalesce(arg_min(device, (happened, id)), 'unknown') AS device,
  quantile_cont(looked, 0.9) AS looked_p90,
  string_agg(DISTINCT kind, '>' ORDER BY kind) AS kinds
FROM session_event
GROUP BY ALL
