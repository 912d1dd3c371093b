select
    id as payment_id,
    order_id,
    payment_method,
    amount / 100 as amount,
    zeroifnull(fee) as fee,
    try_to_number(reference) as reference
from {{ source('shop', 'raw_payments') }}
