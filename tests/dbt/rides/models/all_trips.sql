select trip_id, started, cast(fare as float64) as fare, kind from {{ ref('stg_trips') }}
union all
select trip_id, started, fare, kind from {{ ref('stg_legacy_trips') }}
