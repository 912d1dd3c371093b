-- rows of a sampled event are as they are
SELECT k, x + 1 AS y FROM d WHERE x > 3;
-- rows: thinned
-- k: same
-- y: same

-- an event that is captured whole stays whole
SELECT k, count(*) AS n, max(z) AS m FROM p GROUP BY k ORDER BY n LIMIT 3;
-- rows: whole
-- k: same
-- n: same
-- m: same

-- counts and sums need the rate
SELECT count(*) AS n, sum(x) AS s, count(x) AS c, count_if(x > 3) AS i FROM d;
-- rows: whole
-- n: scaled 0.5
-- s: scaled 0.5
-- c: scaled 0.5
-- i: scaled 0.5
-- fault: unscaled output n
-- fault: unscaled output s
-- fault: unscaled output c
-- fault: unscaled output i

-- groups may be missing
SELECT k, count(*) AS n FROM d GROUP BY k;
-- rows: merged
-- k: same
-- n: scaled 0.5
-- fault: unscaled output n

-- a count divided by the rate estimates the whole
SELECT k, count(*) / 0.5 AS n, sum(x) * 2 AS s FROM d GROUP BY k;
-- rows: merged
-- k: same
-- n: estimated
-- s: estimated

-- means are estimates
SELECT avg(x) AS a, median(x) AS m, sum(x) / count(*) AS b FROM d;
-- rows: whole
-- a: estimated
-- m: estimated
-- b: estimated

-- extremes and distinct counts are lost
SELECT k, max(x) AS m, count(DISTINCT x) AS d, list(x) AS l FROM d GROUP BY k;
-- rows: merged
-- k: same
-- m: lost
-- d: lost
-- l: lost
-- fault: lost max
-- fault: lost count
-- fault: lost list

-- a count that decides rows needs the rate
SELECT k FROM d GROUP BY k HAVING count(*) > 2;
-- rows: lost
-- k: same
-- fault: unscaled >

-- an inner join with what is whole stays thinned
SELECT d.k, d.x, p.z FROM d JOIN p ON d.k = p.k;
-- rows: thinned
-- k: same
-- x: same
-- z: same

-- counts over a join with what is whole are scaled
SELECT p.k, sum(p.z) AS s, count(*) AS n FROM d JOIN p ON d.k = p.k GROUP BY p.k;
-- rows: merged
-- k: same
-- s: scaled 0.5
-- n: scaled 0.5
-- fault: unscaled output s
-- fault: unscaled output n

-- a left join of a sampled event misses some
SELECT p.k, d.x FROM p LEFT JOIN d ON d.k = p.k;
-- rows: padded
-- k: same
-- x: missing 0.5

-- what is counted through a left join is scaled, rows of it aren't
SELECT p.k, count(d.x) AS n, sum(d.x * p.z) AS s, count(*) AS rows_, max(p.z) AS m, count_if(d.x > 3) AS i
FROM p LEFT JOIN d ON d.k = p.k GROUP BY p.k;
-- rows: whole
-- k: same
-- n: scaled 0.5
-- s: scaled 0.5
-- rows_: lost
-- m: same
-- i: scaled 0.5
-- fault: lost count_star
-- fault: unscaled output n
-- fault: unscaled output s
-- fault: unscaled output i

-- counts joined on are scaled, and no count is none
SELECT p.k, coalesce(g.n, 0) AS n FROM p LEFT JOIN (SELECT k, count(*) AS n FROM d GROUP BY k) AS g ON p.k = g.k;
-- rows: padded
-- k: same
-- n: scaled 0.5
-- fault: unscaled output n

-- sums of counts are scaled
SELECT sum(n) AS total, max(n) AS most FROM (SELECT k, count(*) AS n FROM d GROUP BY k);
-- rows: whole
-- total: scaled 0.5
-- most: lost
-- fault: lost max
-- fault: unscaled output total

-- who isn't in a sample can't be told
SELECT p.k FROM p WHERE NOT EXISTS (SELECT 1 FROM d WHERE d.k = p.k);
-- rows: lost
-- k: same
-- fault: lost exists

-- nor who is
SELECT p.k FROM p SEMI JOIN d ON d.k = p.k;
-- rows: lost
-- k: same
-- fault: lost exists

-- sampled rows found in a whole event stay thinned
SELECT d.k FROM d SEMI JOIN p ON d.k = p.k;
-- rows: thinned
-- k: same

-- the latest is lost
SELECT DISTINCT ON (k) k, x FROM d ORDER BY k, id DESC;
-- rows: lost
-- k: same
-- x: same
-- fault: lost latest

-- so it is by a row's number
SELECT k, x FROM d QUALIFY row_number() OVER (PARTITION BY k ORDER BY id) = 1;
-- rows: lost
-- k: same
-- x: same
-- fault: lost row_number

-- windows over sampled rows are lost
SELECT id, lag(x) OVER (ORDER BY id) AS l, count(*) OVER (PARTITION BY k) AS n FROM d;
-- rows: thinned
-- id: same
-- l: lost
-- n: lost
-- fault: lost lag
-- fault: lost count

-- pairs of two sampled events can't be told
SELECT d.k FROM d JOIN e ON d.k = e.k;
-- rows: lost
-- k: same

-- unions of one rate are thinned, distinct ones merged
SELECT k FROM d UNION ALL SELECT k FROM d;
-- rows: thinned
-- k: same

-- a distinct union is merged
SELECT k FROM d UNION SELECT k FROM d;
-- rows: merged
-- k: same

-- a scalar subquery may be scaled
SELECT p.k, (SELECT count(*) FROM d) AS n, p.z / (SELECT sum(x) FROM d) AS q FROM p;
-- rows: whole
-- k: same
-- n: scaled 0.5
-- q: lost
-- fault: unscaled output n

-- a truth of a count is lost
SELECT k, CASE WHEN count(*) > 3 THEN 1 ELSE 0 END AS many FROM d GROUP BY k;
-- rows: merged
-- k: same
-- many: lost
-- fault: unscaled >

-- a list through a left join is as long as what was found
SELECT p.k, list(p.z) AS l, min(p.z) AS m FROM p LEFT JOIN d ON d.k = p.k GROUP BY p.k;
-- rows: whole
-- k: same
-- l: lost
-- m: same
-- fault: lost list

-- a number of counts isn't scaled with them
SELECT sum(n) AS s, count(n) AS c, avg(n) AS a FROM (SELECT count(*) AS n FROM d);
-- rows: whole
-- s: scaled 0.5
-- c: lost
-- a: lost
-- fault: lost count
-- fault: lost avg
-- fault: unscaled output s

-- what FILTER keeps of a left join is what was found
SELECT p.k, count(*) FILTER (WHERE d.x > 1) AS n, sum(d.x) FILTER (WHERE d.x > 1) AS s, avg(d.x) FILTER (WHERE d.x > 1) AS m,
       count(DISTINCT d.x) FILTER (WHERE d.x > 1) AS u
FROM p LEFT JOIN d ON d.k = p.k GROUP BY p.k;
-- rows: whole
-- k: same
-- n: scaled 0.5
-- s: scaled 0.5
-- m: estimated
-- u: lost
-- fault: lost count
-- fault: unscaled output n
-- fault: unscaled output s
