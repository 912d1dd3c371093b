"""How many minutes a trip takes, told when it begins."""

from sklearn.ensemble import HistGradientBoostingRegressor

import balun as bl

trips = bl.corpus(
    "trips",
    owner="arrivals",
    description="Trips as they begin; judged are those of three hours at most.",
    examples="""
        SELECT
          pickup_at AS at,
          dropoff_at,
          pickup_zone,
          dropoff_zone,
          hour(timezone('America/New_York', pickup_at)) AS hour,
          isodow(timezone('America/New_York', pickup_at)) AS weekday,
          CASE
            WHEN dropoff_at > pickup_at AND dropoff_at <= pickup_at + INTERVAL 3 HOUR
            THEN epoch(dropoff_at - pickup_at) / 60
          END AS minutes
        FROM trip
    """,
    label="minutes",  # null where the meter was left running, or tells nothing
    label_available="dropoff_at",
    features=[bl.columns("pickup_zone", "dropoff_zone", "hour", "weekday")],
)

arrival = bl.model(
    "arrival",
    corpus=trips,
    owner="arrivals",
    estimator=HistGradientBoostingRegressor(
        loss="absolute_error", learning_rate=0.1, max_iter=200, early_stopping=False, random_state=0
    ),
    metric="mae",
    split=bl.by_time(test="183d"),
)

in_the_car = bl.surface("screen in the car", uses=arrival, owner="meter")
