select
    cast(ride as string) as trip_id,
    timestamp_seconds(started_s) as started,
    safe_divide(fare_cents, 100) as fare,
    regexp_extract(note, r'zone=(\w+)') as kind
from {{ source('legacy', 'trips') }}
