"""What was known of a user when they filled a cart, and whether they paid it within two hours."""

import balun as bl

looked = bl.aggregate(
    "page_view",
    by="user_id",
    at="seen",
    over=["1h", "7d"],
    views=bl.count(),
    products=bl.count_distinct("product"),
    dwell=bl.mean("dwell / 1000.0"),
    helped=bl.rate("page IN ('help', 'checkout')"),
)
put = bl.aggregate(
    "cart",
    by="user_id",
    at="changed",
    over=["7d", "28d"],
    worth=bl.sum("CASE action WHEN 'add' THEN 1 ELSE -1 END * quantity * unit_price"),
    dearest=bl.max("unit_price"),
)
bought = bl.aggregate(
    "payment",
    by="user_id",
    at="paid",
    over="28d",
    sales=bl.count(),
    captured=bl.rate("status = 'captured'"),
    spent=bl.sum("amount"),
    methods=bl.count_distinct("method"),
)
came = bl.latest("touch", by="user_id", at="seen", max_age="1d", columns=["source", "channel", "campaign"])
searched = bl.latest("hit", by="user_id", at="searched", max_age="1h", columns=["rank", "max_price", "in_stock_only"])
visited = bl.aggregate(
    "session", by="user_id", at="ended", over="21 local days", visits=bl.count(), bought=bl.rate("bought")
)

filled = bl.corpus(
    "filled_carts",
    owner="growth",
    description="The first addition to a cart in a visit: will it be paid within two hours?",
    examples="""
        SELECT
          c.user_id,
          c.changed AS at,
          c.changed + INTERVAL 2 HOUR + INTERVAL 5 MINUTE AS known,
          c.unit_price,
          v.country,
          v.plan,
          year(c.changed) - v.born AS age,
          date_diff('day', v.signed_up, c.changed) AS days_known,
          hour(timezone('Europe/Berlin', c.changed)) AS hour_of_day,
          (
            SELECT any_value(e.arm)
            FROM exposure AS e
            WHERE e.user_id = c.user_id AND e.experiment = 'short_checkout' AND e.exposed < c.changed
          ) AS arm,
          EXISTS (
            SELECT 1
            FROM payment AS p
            WHERE p.user_id = c.user_id AND p.status <> 'failed'
              AND p.paid > c.changed AND p.paid <= c.changed + INTERVAL 2 HOUR
          ) AS paid
        FROM (
          SELECT *, lag(changed) OVER (PARTITION BY user_id ORDER BY changed, cart_id) AS before
          FROM cart
          WHERE action = 'add'
        ) AS c
        LEFT JOIN visitor AS v USING (user_id)
        WHERE c.before IS NULL OR c.changed - c.before > INTERVAL 30 MINUTE
    """,
    label="paid",
    label_available="known",
    entity="user_id",
    features=[
        bl.columns("unit_price", "country", "plan", "age", "days_known", "hour_of_day", "arm"),
        looked,
        put,
        bought,
        came,
        searched,
        visited,
    ],
)
