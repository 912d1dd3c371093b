select
    e.user_id,
    date_trunc('day', e.received_at) as clicked_on,
    f.value:element::string as element,
    f.index as position
from {{ source('tracker', 'raw_events') }} as e,
    lateral flatten(input => e.payload:clicks) as f
