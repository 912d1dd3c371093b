select
    clicked_on,
    element,
    count(*) as clicks,
    approx_top_k(user_id, 3) as keenest
from {{ ref('stg_clicks') }}
group by clicked_on, element
