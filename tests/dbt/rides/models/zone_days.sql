with stops as (
    select *, date(at) as day from {{ ref('trip_stops') }}
)

select
    zones.zone,
    stops.day,
    countif(stops.number = 0) as begun,
    array_agg(distinct stops.trip_id ignore nulls) as trips,
    any_value(f.riders) as expected,
    logical_or(stops.is_open) as was_open
from stops
inner join {{ ref('zones') }} as zones using (station)
left join {{ ref('forecast') }} as f on f.day = stops.day
group by 1, 2
