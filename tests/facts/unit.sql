-- a column is in its contract's unit, as pint calls it
SELECT delay, wait, far, fare, hum, temp FROM trip;
-- delay: minute
-- wait: second
-- far: mile
-- fare: EUR
-- hum: percent
-- temp: degree_Fahrenheit

-- a number without a unit is bare, texts and times are plain
SELECT seats, carrier, begun FROM trip;
-- seats: bare
-- carrier: dimensionless
-- begun: dimensionless

-- sums, means and extremes keep
SELECT sum(delay) AS a, avg(delay) AS b, min(delay) AS c, max(delay) AS d, median(delay) AS e,
       quantile_cont(delay, 0.5) AS f, first(delay ORDER BY id) AS g, stddev_pop(delay) AS h, arg_max(delay, id) AS i FROM trip;
-- a: minute
-- b: minute
-- c: minute
-- d: minute
-- e: minute
-- f: minute
-- g: minute
-- h: minute
-- i: minute

-- a variance is squared, and its root isn't
SELECT var_pop(delay) AS v, sqrt(var_pop(delay)) AS s FROM trip;
-- v: minute**2
-- s: minute

-- counts are plain
SELECT count(*) AS n, count(delay) AS m, count(DISTINCT delay) AS d, count_if(delay > 30) AS late FROM trip;
-- n: dimensionless
-- m: dimensionless
-- d: dimensionless
-- late: dimensionless

-- a sum over a count is a mean
SELECT sum(delay) / count(*) AS mean FROM trip;
-- mean: minute

-- constants that fit make another unit
SELECT wait / 60 AS a, wait / 3600.0 AS b, wait / 60 / 60 AS c, fare * 100 AS d, delay * 60 AS e, wait * (1.0 / 60) AS f,
       hum / 100 AS g, delay * 60000 AS h FROM trip;
-- a: minute
-- b: hour
-- c: hour
-- d: EUR_cent
-- e: second
-- f: minute
-- g: dimensionless
-- h: millisecond

-- a constant that fits no unit is told
SELECT delay * 0.3 AS a FROM trip;
-- a: minute/0.3
-- fault: undeclared_after_conversion minute/0.3 for minute

-- a weighted mean is no conversion
SELECT 0.3 * delay + 0.7 * late AS a FROM trip;
-- a: minute

-- minutes in seconds add to seconds
SELECT delay * 60 + wait AS a, delay + wait / 60 AS b FROM trip;
-- a: second
-- b: minute

-- minutes and seconds don't add
SELECT delay + wait AS a FROM trip;
-- a: mixed
-- fault: mixed second for minute

-- a sum of what is mixed is told once
SELECT sum((delay - wait) * 2) AS a FROM trip;
-- a: mixed
-- fault: mixed second for minute

-- seconds made minutes don't add to seconds
SELECT wait / 60 + wait AS a FROM trip;
-- a: mixed
-- fault: mixed second for minute

-- quotients and products combine
SELECT far / delay AS a, far / delay * 60 AS b, speed * delay AS c, speed * delay / 60 AS d, delay / late AS e FROM trip;
-- a: mile/minute
-- b: mile/hour
-- c: mile*minute/hour
-- d: mile
-- e: dimensionless

-- constants take the unit beside them
SELECT delay + 30 AS a, coalesce(delay, 0) AS b, CASE WHEN delay > 0 THEN delay ELSE 0 END AS c, greatest(delay, 5) AS d,
       nullif(delay, 0) AS e, -delay AS f, abs(delay) AS g, CASE WHEN seats > 3 THEN delay END AS h FROM trip;
-- a: minute
-- b: minute
-- c: minute
-- d: minute
-- e: minute
-- f: minute
-- g: minute
-- h: minute

-- comparisons need one unit
SELECT id FROM trip WHERE delay > 30 AND delay > wait;
-- id: bare
-- fault: mixed second for minute

-- a condition is plain, its mean a share, a hundred times that percent
SELECT bool_or(delay > 30) AS some, avg((delay > 30)::INTEGER) AS share, avg((delay > 30)::INTEGER) * 100 AS part FROM trip;
-- some: dimensionless
-- share: dimensionless
-- part: percent

-- a share and percent don't add
SELECT hum + share AS a, hum / 100 + share AS b FROM trip;
-- a: mixed
-- b: dimensionless
-- fault: mixed dimensionless for percent

-- branches must agree
SELECT coalesce(delay, wait) AS a, CASE WHEN seats > 3 THEN delay ELSE wait END AS b FROM trip;
-- a: mixed
-- b: mixed
-- fault: mixed second for minute
-- fault: mixed second for minute

-- unions must agree
SELECT delay FROM trip UNION ALL SELECT wait FROM trip;
-- delay: mixed
-- fault: mixed second for minute

-- joins compare
SELECT t.id FROM trip AS t JOIN leg AS l ON t.delay = l.took;
-- id: bare
-- fault: mixed second for minute

-- an outer join keeps units
SELECT t.delay, l.took FROM trip AS t FULL JOIN leg AS l ON t.id = l.id;
-- delay: minute
-- took: second

-- currencies never add, cents and euros neither
SELECT fare + tip AS a, fare + fee AS b, fare * 100 + fee AS c, fare + fee / 100 AS d FROM trip;
-- a: mixed
-- b: mixed
-- c: EUR_cent
-- d: EUR
-- fault: mixed USD for EUR
-- fault: mixed EUR_cent for EUR

-- times give numbers of a known unit
SELECT date_diff('minute', begun, done) AS a, epoch(done) - epoch(begun) AS b, epoch_ms(begun) AS c, extract(epoch FROM done - begun) AS d,
       done - begun AS e, begun::DATE - done::DATE AS f, hour(begun) * 60 + minute(begun) AS g, year(begun) AS h FROM trip;
-- a: minute
-- b: second
-- c: millisecond
-- d: second
-- e: dimensionless
-- f: day
-- g: minute
-- h: bare

-- times are made of numbers of a known unit
SELECT begun + to_minutes(delay::BIGINT) AS a, begun + to_seconds(wait) AS b, begun + delay::BIGINT * INTERVAL 1 MINUTE AS c FROM trip;
-- a: dimensionless
-- b: dimensionless
-- c: dimensionless

-- seconds given as minutes are told
SELECT begun + to_minutes(wait::BIGINT) AS a, begun + to_seconds(delay) AS b, begun + wait::BIGINT * INTERVAL 1 MINUTE AS c,
       begun::DATE + delay::INTEGER AS d FROM trip;
-- a: mixed
-- b: mixed
-- c: mixed
-- d: mixed
-- fault: wrong_argument second for minute
-- fault: wrong_argument minute for second
-- fault: wrong_argument second for minute
-- fault: wrong_argument minute for day

-- temperatures differ, and don't add
SELECT avg(temp - dew) AS a, avg(temp) AS b, max(temp) - min(temp) AS c, max(temp + dew) AS d, sum(temp) AS e, stddev_pop(temp) AS f FROM trip;
-- a: delta_degree_Fahrenheit
-- b: degree_Fahrenheit
-- c: delta_degree_Fahrenheit
-- d: mixed
-- e: mixed
-- f: delta_degree_Fahrenheit
-- fault: mixed degree_Fahrenheit for degree_Fahrenheit
-- fault: mixed degree_Fahrenheit for degree_Fahrenheit

-- windows keep
SELECT lag(delay) OVER w AS a, delay - avg(delay) OVER (PARTITION BY carrier) AS b, row_number() OVER w AS c,
       lag(delay, 1, 0) OVER w AS d, sum(wait) OVER w AS e FROM trip WINDOW w AS (ORDER BY id);
-- a: minute
-- b: minute
-- c: dimensionless
-- d: minute
-- e: second

-- what isn't understood isn't said
SELECT ln(delay) AS a, delay * seats AS b, delay + seats AS c, delay::VARCHAR AS d, exp(seats) AS e FROM trip;
-- a: unknown
-- b: unknown
-- c: unknown
-- d: unknown
-- e: bare

-- remainders keep
SELECT delay % 60 AS a, wait // 60 AS b FROM trip;
-- a: minute
-- b: minute

-- areas and roots
SELECT far * far AS a, sqrt(far * far) AS b, pow(far, 2) AS c, far ** 2 / far AS d FROM trip;
-- a: mile**2
-- b: mile
-- c: mile**2
-- d: mile

-- through WITH, subqueries and grouping
WITH a AS (SELECT carrier, delay / 60 AS hours FROM trip), b AS (SELECT carrier, sum(hours) AS total FROM a GROUP BY carrier)
SELECT b.total, (SELECT max(wait) FROM trip) AS most, b.total / 24 AS days FROM b WHERE b.total > (SELECT avg(hours) FROM a);
-- total: hour
-- most: second
-- days: day
