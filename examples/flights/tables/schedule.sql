/* owner: data-platform
   description: Every planned departure, flown or cancelled, with what is known of its plane.
   key: [carrier, flight, origin, sched_dep]
   at: sched_dep                                                                              */
SELECT
  d.carrier,
  d.flight,
  d.origin,
  d.dest,
  d.distance,
  d.tailnum,
  d.time_hour,
  d.minute,
  d.time_hour + to_minutes(d.minute) AS sched_dep,
  d.dep_delay,
  d.time_hour + to_minutes(d.minute + d.dep_delay) AS left_gate,
  p.seats,
  p.year AS plane_year
FROM departure AS d
LEFT JOIN plane AS p USING (tailnum)    -- the registry lacks 15.6 % of them: seats are null there
