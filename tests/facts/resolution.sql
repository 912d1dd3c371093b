-- a contract tells steps, or the type does
SELECT t, h, u, n, d, clock, i, k, m, c, x, y, z, f FROM src;
-- t: 1 min
-- h: 1 h
-- u: 1 us
-- n: 15 min
-- d: 1 d
-- clock: 5 min
-- i: 1
-- k: 10
-- m: 0.05
-- c: 0.0001
-- x: unknown
-- y: 60
-- z: 0.01
-- f: 0.5

-- truncating leaves its unit, or what is coarser already
SELECT date_trunc('hour', t) AS a, date_trunc('minute', u) AS b, date_trunc('day', h) AS c, date_trunc('week',
       d) AS e,
       date_trunc('month', t) AS g, date_trunc('quarter', d) AS i, date_trunc('day', date_trunc('month',
       t)) AS j FROM src;
-- a: 1 h
-- b: 1 min
-- c: 1 d
-- e: 7 d + 4 d
-- g: 1 months
-- i: 3 months
-- j: 1 months
-- fault: trunc-idle

-- truncating to less than the step is idle
SELECT date_trunc('minute', h) AS a, date_trunc('hour', h) AS b, date_trunc('second', t) AS c FROM src;
-- a: 1 h
-- b: 1 h
-- c: 1 min
-- fault: trunc-idle
-- fault: trunc-idle

-- a length that is added shifts
SELECT h + INTERVAL 30 MINUTE AS a, h - INTERVAL 1 DAY AS b, t + to_minutes(k) AS c, h + to_minutes(i) AS e,
       d + 3 AS f,
       d + INTERVAL 90 MINUTE AS g, date_trunc('month', t) + INTERVAL 2 MONTH AS j,
       h + INTERVAL 1 MONTH AS l FROM src;
-- a: 1 h + 30 min
-- b: 1 h
-- c: 1 min
-- e: 1 min
-- f: 1 d
-- g: 1 d + 90 min
-- j: 1 months
-- l: 1 h

-- an hour in UTC is one in New York, and a half hour off in Kolkata
SELECT timezone('America/New_York', h) AS a, timezone('Asia/Kolkata', h) AS b, timezone('UTC', t) AS c,
       timezone('America/New_York', date_trunc('day', h)) AS e, timezone('Europe/London', n) AS f FROM src;
-- a: 1 h
-- b: 1 h + 30 min
-- c: 1 min
-- e: 1 h
-- f: 15 min

-- a quarter of an hour off, there and back
SELECT timezone('Pacific/Chatham', h) AS a, timezone('Pacific/Chatham', date_trunc('hour', n)) AS b FROM src;
-- a: 1 h + 45 min
-- b: 1 h + 15 min

-- clocks begin anew at midnight
SELECT TIME '23:00:00' + INTERVAL 2 HOUR AS a, TIME '00:00:00' + j * INTERVAL 7 HOUR AS b,
       TIME '12:30:00' + k * INTERVAL 1 HOUR AS c FROM src;
-- a: always 1 h
-- b: 1 h
-- c: 2 h + 30 min

-- casts to dates and clocks
SELECT t::DATE AS a, n::DATE AS b, d::TIMESTAMP AS c, n::TIME AS e, date_trunc('month', n)::DATE AS f,
       d + clock AS g FROM src;
-- a: 1 d
-- b: 1 d
-- c: 1 d
-- e: 15 min
-- f: 1 months
-- g: 5 min

-- parts of what is coarser are constant
SELECT minute(h) AS a, hour(date_trunc('day', t)) AS b, minute(n) AS c, second(t) AS e, day(date_trunc('month',
       t)) AS f,
       isodow(date_trunc('week', t)) AS g, hour(t) AS i FROM src;
-- a: always 0
-- b: always 0
-- c: 15
-- e: always 0
-- f: always 1
-- g: always 1
-- i: 1
-- fault: part-constant
-- fault: part-constant
-- fault: part-constant
-- fault: part-constant
-- fault: part-constant

-- seconds since 1970, and lengths
SELECT epoch(h) AS a, epoch(u) AS i, epoch(date_trunc('second', u)) AS j, epoch_ms(t) AS b, epoch(n - n) AS c, date_diff('minute', h, h) AS e, date_diff('hour', t,
       t) AS f, h - t AS g FROM src;
-- a: 3600
-- i: unknown
-- j: 1
-- b: 60000
-- c: 900
-- e: 60
-- f: 1
-- g: 1 min

-- numbers
SELECT i * 60 AS a, k + 5 AS b, k * m AS c, m + c AS e, k // 5 AS f, k // 4 AS g, k % 5 AS j, i % 5 AS l, -k AS n,
       abs(k + 3) AS o FROM src;
-- a: 60
-- b: 10 + 5
-- c: 0.5
-- e: 0.0001
-- f: 2
-- g: 1
-- j: always 0
-- l: 1
-- n: 10
-- o: 2 + 1

-- rounding
SELECT round(x, 2) AS a, round(c, 1) AS b, floor(x) AS e, ceil(m) AS f, try_cast(x AS BIGINT) AS g,
       m::DECIMAL(9,1) AS i, round(i, -2) AS j, round(y, 2) AS n, round(y) AS o, try_cast(y AS INTEGER) AS l FROM src;
-- a: 0.01
-- b: 0.1
-- e: 1
-- f: 1
-- g: 1
-- i: 0.1
-- j: 100
-- n: 0.01
-- o: 4
-- l: 60

-- doubles keep what rounding can't lose
SELECT y + 60 AS a, z + z AS b, z AS c, f * 2 AS e, k::DOUBLE AS g, y / 2 AS i FROM src;
-- a: 4
-- b: unknown
-- c: 0.01
-- e: 1
-- g: 10
-- i: unknown

-- buckets
SELECT time_bucket(INTERVAL 15 MINUTE, t) AS a, time_bucket(INTERVAL 1 WEEK, d) AS b, time_bucket(INTERVAL 1 MONTH,
       t) AS c,
       time_bucket(INTERVAL 1 DAY, n, INTERVAL 6 HOUR) AS e FROM src;
-- a: 15 min
-- b: 7 d + 4 d
-- c: 1 months
-- e: 1 d + 6 h

-- times made of numbers
SELECT make_timestamp(2024, 1, 5, j, 0, 0) AS a, make_timestamp(j, j, 1, 0, 0, 0) AS b, make_date(2024, j, j) AS c,
       to_timestamp(i * 60) AS e,
       make_timestamp(j, j, j, j, q, 0) AS f, strptime('2024-01-05 10', '%Y-%m-%d %H') AS g, make_time(j, q,
       0) AS h FROM src;
-- a: 1 h
-- b: 1 months
-- c: 1 d
-- e: 1 min
-- f: 10 min
-- g: 1 h
-- h: 10 min

-- aggregates
SELECT min(h) AS a, max(t) AS b, first(n ORDER BY id) AS c, mode(k) AS e, sum(k) AS f, sum(k + 5) AS g,
       avg(k) AS i, count(*) AS j,
       arg_max(h, i) AS l, median(h) AS m, sum(y) AS o FROM src GROUP BY i;
-- a: 1 h
-- b: 1 min
-- c: 15 min
-- e: 10
-- f: 10
-- g: 5
-- i: unknown
-- j: 1
-- l: 1 h
-- m: 1 us
-- o: 4

-- windows
SELECT lag(h) OVER (ORDER BY id) AS a, lead(h, 1, t) OVER (ORDER BY id) AS b, sum(k) OVER (ORDER BY id) AS c,
       first_value(n) OVER (ORDER BY id) AS e,
       row_number() OVER () AS f FROM src;
-- a: 1 h
-- b: 1 min
-- c: 10
-- e: 15 min
-- f: 1

-- either of two is on what both share
SELECT coalesce(h, t) AS a, CASE WHEN i > 3 THEN h END AS b,
       CASE WHEN i > 3 THEN h ELSE h + INTERVAL 30 MINUTE END AS c, greatest(k, 15) AS e FROM src;
-- a: 1 min
-- b: 1 h
-- c: 30 min
-- e: 5

-- a union is on what its branches share
SELECT h AS a, k AS b FROM src UNION ALL SELECT t, 4 FROM other;
-- a: 1 min
-- b: 2

-- a filter on a part narrows
SELECT t AS a, n AS b FROM src WHERE minute(t) = 0 AND minute(n) = 30;
-- a: 1 h
-- b: 1 h + 30 min

-- a filter on values narrows
SELECT i, k, u, t FROM src WHERE i IN (15, 30, 45) AND k % 20 = 10 AND u = date_trunc('hour',
       u) AND (minute(t) = 0 OR minute(t) = 30);
-- i: 15
-- k: 20 + 10
-- u: 1 h
-- t: 30 min

-- an equality puts both on what they share
SELECT src.t AS a, other.h AS b FROM src JOIN other ON src.t = other.h;
-- a: 1 h
-- b: 1 h
-- fault: resolutions-equated

-- an equality of half hours and whole hours never holds
SELECT src.id FROM src JOIN other ON src.h = other.h + INTERVAL 30 MINUTE;
-- id: 1
-- fault: resolutions-disjoint

-- an IN across steps
SELECT id FROM src WHERE t IN (SELECT h FROM other);
-- id: 1
-- fault: resolutions-equated

-- an outer join keeps, and what nobody tells isn't judged
SELECT other.h AS a, src.u AS b FROM src LEFT JOIN other ON src.u = other.h;
-- a: 1 h
-- b: 1 us

-- a day equals no hour but midnight
SELECT src.id FROM src JOIN other ON src.d = other.n;
-- id: 1
-- fault: resolutions-equated

-- an equality of a column and its own hour is meant
SELECT t FROM src WHERE t = date_trunc('hour', t);
-- t: 1 h

-- a constant off the grid is never met
SELECT id FROM src WHERE h = TIMESTAMPTZ '2024-03-10 10:30:00+00' AND k IN (5, 10);
-- id: 1
-- fault: resolutions-disjoint
-- fault: resolutions-disjoint

-- a window shorter than the step of its base
SELECT src.id FROM src JOIN other ON src.t BETWEEN other.h AND other.h + INTERVAL 10 MINUTE;
-- id: 1
-- fault: window-short

-- a window as long as the step is fine
SELECT src.id FROM src JOIN other ON src.t >= other.h AND src.t < other.h + INTERVAL 1 HOUR;
-- id: 1

-- a window from the other end
SELECT src.id FROM src JOIN other ON other.h > src.t - INTERVAL 20 MINUTE AND other.h <= src.t;
-- id: 1
-- fault: window-short

-- a frame shorter than the step
SELECT count(*) OVER (ORDER BY h RANGE BETWEEN INTERVAL 10 MINUTE PRECEDING AND CURRENT ROW) AS a,
       count(*) OVER (ORDER BY t RANGE BETWEEN INTERVAL 10 MINUTE PRECEDING AND CURRENT ROW) AS b FROM src;
-- a: 1
-- b: 1
-- fault: window-short

-- a calendar of hours
SELECT unnest(generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-02-01', INTERVAL 1 HOUR)) AS a,
       unnest(range(0, 100, 5)) AS b FROM src WHERE id = 1;
-- a: 1 h
-- b: 5

-- an ASOF join asks for no equality of times
SELECT src.t, other.h FROM src ASOF JOIN other ON src.i = other.i AND src.t >= other.h;
-- t: 1 min
-- h: 1 h
