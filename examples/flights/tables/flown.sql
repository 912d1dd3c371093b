/* owner: data-platform
   description: Departures that left the gate; a cancelled one has no delay and tells nothing of delays.
   key: [carrier, flight, origin, sched_dep]
   at: left_gate
   required: [dep_delay, left_gate]                                                                  */
SELECT * EXCLUDE (seats, plane_year)
FROM schedule
WHERE dep_delay IS NOT NULL
