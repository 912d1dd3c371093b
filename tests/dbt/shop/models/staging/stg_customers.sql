select
    id as customer_id,
    first_name || ' ' || last_name as name,
    parse_url(website):host::string as host,
    datediff(day, created_at, current_timestamp()) as age_days
from {{ source('shop', 'raw_customers') }}
