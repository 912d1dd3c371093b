-- an instant is of no clock, a day is of one that nobody names, a number of the one that its contract names
SELECT t, seen, day, hour, i FROM flight;
-- t: none
-- seen: America/New_York
-- day: unknown
-- hour: America/New_York
-- i: unknown

-- clocks of a zone and of the session
SELECT timezone('America/New_York', t) AS a, t::TIMESTAMP AS b, t::DATE AS c, timezone('Mars/Base', t) AS d FROM flight;
-- a: America/New_York
-- b: UTC
-- c: UTC
-- d: unknown

-- parts are of the clock that they are read from, but for what all clocks share
SELECT hour(t) AS a, hour(timezone('America/New_York', t)) AS b, minute(t) AS c, minute(timezone('Asia/Kolkata', t)) AS d,
       second(timezone('Asia/Kolkata', t)) AS e, isodow(seen) AS f, strftime(seen, '%H') AS g FROM flight;
-- a: UTC
-- b: America/New_York
-- c: none
-- d: Asia/Kolkata
-- e: none
-- f: America/New_York
-- g: America/New_York

-- sums of parts, and times made of them
SELECT hour(seen) * 60 + minute(seen) AS a, make_timestamp(year(seen), month(seen), day(seen), hour(seen), 0, 0) AS b,
       seen + INTERVAL 2 HOUR AS c, date_trunc('day', seen) AS d, seen - seen AS e, hour(seen) + i AS f FROM flight;
-- a: America/New_York
-- b: America/New_York
-- c: America/New_York
-- d: America/New_York
-- e: unknown
-- f: unknown

-- a clock read in its own zone is an instant
SELECT timezone('America/New_York', seen) AS a, timezone('US/Eastern', seen) AS b FROM flight;
-- a: none
-- b: none

-- a clock read in another zone
SELECT timezone('UTC', seen) AS a FROM flight;
-- a: none
-- fault: zone-misread America/New_York UTC

-- a clock cast to an instant is read in UTC
SELECT seen::TIMESTAMPTZ AS a, seen > t AS b FROM flight;
-- a: none
-- b: unknown
-- fault: zone-misread America/New_York UTC

-- local hours joined on hours of UTC
SELECT flight.id FROM flight JOIN weather ON flight.day = weather.day AND flight.hour = weather.hour;
-- id: unknown
-- fault: zones-compared America/New_York UTC

-- local hours joined on hours of an instant, once for all parts
SELECT flight.id FROM flight JOIN weather
ON flight.hour = hour(weather.t) AND year(flight.seen) = year(weather.t) AND isodow(flight.seen) = isodow(weather.t);
-- id: unknown
-- fault: zones-compared America/New_York UTC

-- instants joined on instants are fine
SELECT flight.t FROM flight JOIN weather ON flight.t = weather.t AND minute(flight.seen) = minute(weather.t);
-- t: none

-- a difference of two clocks is no time between
SELECT seen - t::TIMESTAMP AS a, date_diff('hour', t, timezone('UTC', t)) AS b FROM flight;
-- a: unknown
-- b: unknown
-- fault: zones-subtracted America/New_York UTC

-- one column of two clocks
SELECT coalesce(seen, t::TIMESTAMP) AS a, CASE WHEN i > 0 THEN hour ELSE hour(t) END AS b FROM flight;
-- a: unknown
-- b: unknown
-- fault: zones-mixed America/New_York UTC

-- a time of two clocks' parts
SELECT make_timestamp(year(t), month(t), day(t), hour, 0, 0) AS a FROM flight;
-- a: unknown
-- fault: zones-mixed UTC America/New_York

-- a union of two clocks
SELECT hour FROM flight UNION ALL SELECT hour FROM weather;
-- hour: unknown
-- fault: zones-mixed America/New_York UTC

-- a union of one clock under two names
SELECT hour(timezone('US/Eastern', t)) AS a FROM flight UNION ALL SELECT hour FROM flight;
-- a: US/Eastern

-- values of groups and windows keep their clock
SELECT max(hour) AS a, count(*) AS b, first(seen ORDER BY id) AS c, max(t) AS d, max(hour(t)) AS e FROM flight GROUP BY i;
-- a: America/New_York
-- b: unknown
-- c: America/New_York
-- d: none
-- e: UTC

-- windows
SELECT lag(hour) OVER (ORDER BY id) AS a, max(seen) OVER () AS b, lag(hour, 1, 0) OVER (ORDER BY id) AS c FROM flight;
-- a: America/New_York
-- b: America/New_York
-- c: America/New_York

-- constants go with any clock
SELECT coalesce(seen, TIMESTAMP '2024-01-01') AS a, DATE '2024-01-01' AS b FROM flight WHERE seen > TIMESTAMP '2024-01-01' AND hour IN (1, 2);
-- a: America/New_York
-- b: none

-- a default of another clock
SELECT lag(hour, 1, hour(t)) OVER (ORDER BY id) AS a FROM flight;
-- a: unknown
-- fault: zones-mixed America/New_York UTC

-- a constant moved by a length, and days between, are of nobody's clock
SELECT TIMESTAMP '1970-01-01' + (t - t) AS a, seen::DATE - DATE '1970-01-01' AS b, DATE '2024-01-01' + INTERVAL 1 DAY AS c FROM flight;
-- a: unknown
-- b: unknown
-- c: none

-- lengths of a clock's parts, and of amounts
SELECT date_trunc('day', seen) + to_hours(hour) AS a, date_trunc('day', seen) + to_hours(hour(t)) AS b, seen + to_minutes(wait) AS c,
       seen + to_minutes(i) AS d, seen + (t - t) AS e FROM flight;
-- a: America/New_York
-- b: unknown
-- c: America/New_York
-- d: unknown
-- e: America/New_York
-- fault: zones-mixed America/New_York UTC
