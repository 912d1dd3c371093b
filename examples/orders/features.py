"""What was known of an order when it was placed, and how many days later it was at the door."""

import balun as bl

pace = bl.aggregate(
    "parcel",
    by="warehouse",
    at="shipped",
    over=["7d", "28d"],
    wait=bl.mean("wait"),
    parcels=bl.count(),
    slow=bl.rate("wait > 3"),
)
road = bl.aggregate(
    "parcel",
    by="country",
    at="shipped",
    over="8 local weeks",
    road=bl.mean("road"),
    longest=bl.max("road"),
    late=bl.rate("late"),
    weight=bl.mean("weight"),
)
habit = bl.aggregate(
    "order_value",
    by="customer_id",
    at="placed",
    over="180d",
    orders=bl.count(),
    goods=bl.sum("goods"),
    channels=bl.count_distinct("channel"),
)
before = bl.latest("order_value", by="customer_id", at="placed", max_age="365d", columns=["channel", "goods"])

placed = bl.corpus(
    "placed_orders",
    owner="ml-delivery",
    description="Orders as they are placed: how many days until they are at the door?",
    examples="""
        SELECT
          v.order_id,
          v.customer_id,
          v.placed,
          v.warehouse,
          coalesce(v.country, 'unknown') AS country,
          v.channel,
          v.lines,
          v.weight,
          v.goods,
          isodow(timezone('Europe/Paris', v.placed)) AS weekday,
          c.kind,
          date_diff('day', c.joined, v.placed::DATE) AS days_known,
          v.placed + INTERVAL 5 MINUTE AS at,
          s.delivered + INTERVAL 1 HOUR AS known,
          date_diff('minute', v.placed, s.delivered) / 60 / 24 AS days
        FROM order_value AS v
        LEFT JOIN shipment AS s USING (order_id)
        LEFT JOIN customer AS c ON c.customer_id = v.customer_id
    """,
    label="days",
    label_available="known",
    entity="customer_id",
    features=[
        bl.columns("warehouse", "country", "channel", "lines", "weight", "goods", "weekday", "kind", "days_known"),
        pace,
        road,
        habit,
        before,
    ],
)
