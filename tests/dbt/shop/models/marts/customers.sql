select
    c.customer_id,
    c.name,
    c.age_days,
    h.dbt_valid_from as known_since,
    count(distinct o.order_id) as orders,
    sum(o.gross_amount) as gross_amount,
    max(case when o.status = 'shiped' then o.ordered_at end) as last_shipped_at
from {{ ref('stg_customers') }} as c
left join {{ ref('orders') }} as o on o.customer_id = c.customer_id
left join {{ ref('customers_history') }} as h on h.id = c.customer_id and h.dbt_valid_to is null
group by all
