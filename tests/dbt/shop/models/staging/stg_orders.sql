with source as (

    select * from {{ source('shop', 'raw_orders') }}

),

renamed as (

    select
        id as order_id,
        user_id as customer_id,
        ordered_at::timestamp_ntz as ordered_at,
        status,
        iff(status = 'returned', 1, 0) as was_returned,
        address:country::string as country
    from source
    where ordered_at >= '{{ var("first_day") }}'
    qualify row_number() over (partition by id order by ordered_at desc) = 1

)

select * from renamed
