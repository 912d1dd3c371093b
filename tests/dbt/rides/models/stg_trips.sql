select
    trip_id,
    started,
    safe_cast(fare as numeric) as fare,
    if(member is null, 'guest', 'member') as kind,
    struct(device.os as os, device.version as version) as device,
    stops
from {{ source('ops', 'trips') }}
where not is_test
