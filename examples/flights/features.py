"""What was known two hours before a planned departure, and whether it left more than half an hour late."""

import balun as bl

# How late departures have been running, at the airport and for the carrier there. A delay counts from the moment the
# flight left the gate: before that nobody knew it.
traffic = bl.aggregate(
    "flown",
    by="origin",
    at="left_gate",
    over=["1h", "3h", "1d"],
    delay=bl.mean("dep_delay"),
    late=bl.rate("dep_delay > 30"),
    departures=bl.count(),
)
carrier = bl.aggregate(
    "flown",
    by=["origin", "carrier"],
    at="left_gate",
    over=["3h", "1d"],
    delay=bl.mean("dep_delay"),
    departures=bl.count(),
)

# The same flight over the last weeks, and the same plane's last departure from here.
flight = bl.aggregate(
    "flown",
    by=["carrier", "flight"],
    at="left_gate",
    over="30d",
    delay=bl.mean("dep_delay"),
    late=bl.rate("dep_delay > 30"),
)
same_plane = bl.latest(
    "flown", by="tailnum", at="left_gate", max_age="1d", columns=["dep_delay", "left_gate", "distance"]
)

# Observations reach us ten minutes after the hour; one older than two hours tells little.
weather = bl.latest(
    "weather",
    by="origin",
    at="time_hour",
    max_age="2h",
    columns=["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"],
)

late = bl.corpus(
    "late_departures",
    owner="ml-delays",
    description="Planned departures, two hours ahead: will it leave more than half an hour late?",
    examples="""
        SELECT
          carrier, flight, origin, dest, tailnum, time_hour, sched_dep, distance, seats, plane_year,
          hour(timezone('America/New_York', sched_dep)) AS hour_of_day,
          isodow(timezone('America/New_York', sched_dep)) AS weekday,
          sched_dep - INTERVAL 2 HOUR AS at,
          left_gate,
          dep_delay > 30 AS late
        FROM schedule
    """,
    label="late",  # null where the flight was cancelled
    label_available="left_gate",
    entity=["carrier", "flight"],
    features=[
        bl.columns("carrier", "origin", "dest", "distance", "seats", "plane_year", "hour_of_day", "weekday"),
        traffic,
        carrier,
        flight,
        same_plane,
        weather,
    ],
)
