{{ config(materialized='incremental', unique_key='order_id') }}

with orders as (

    select * from {{ ref('stg_orders') }}

),

paid as (

    select * from {{ ref('int_order_payments') }}

)

select
    orders.order_id,
    orders.customer_id,
    orders.ordered_at,
    orders.status,
    countries.name as country,
    paid.card_amount,
    coalesce(paid.total_amount, 0) * (1 + countries.vat) as gross_amount
from orders
left join paid on orders.order_id = paid.order_id
left join {{ ref('countries') }} as countries on orders.country = countries.code
{% if is_incremental() %}
where orders.ordered_at > (select max(ordered_at) from {{ this }})
{% endif %}
