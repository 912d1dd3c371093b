select
    t.trip_id,
    stop.station,
    stop.at,
    number,
    s.* except (internal_note)
from {{ ref('stg_trips') }} as t
cross join unnest(t.stops) as stop with offset as number
left join {{ source('ops', 'stations') }} as s on s.station_id = stop.station
