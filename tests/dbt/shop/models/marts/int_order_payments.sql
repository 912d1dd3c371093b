{% set methods = ['card', 'voucher', 'transfer'] %}

select
    order_id,
    {% for method in methods -%}
    sum(case when payment_method = '{{ method }}' then amount end) as {{ method }}_amount,
    {% endfor -%}
    sum(amount) as total_amount
from {{ ref('stg_payments') }}
group by 1
