-- what is declared passes through
SELECT id, a FROM t;
-- id: there
-- a: maybe

-- a strict condition takes nulls out
SELECT a, b, c FROM t WHERE a > 1 AND lower(b) = 'p';
-- a: there
-- b: there
-- c: maybe

-- either condition needs what both need
SELECT a, b FROM t WHERE a > 1 OR (a < 0 AND b = 'p');
-- a: there
-- b: maybe

-- a test for null itself
SELECT a, b FROM t WHERE a IS NOT NULL AND NOT (b IS NULL);
-- a: there
-- b: there

-- a hash of null is no null, so that it tells nothing
SELECT a FROM t WHERE hash(a) > 0;
-- a: maybe

-- IS DISTINCT FROM is true of null
SELECT a, b FROM t WHERE a IS DISTINCT FROM 1 AND b IS NOT DISTINCT FROM 'p';
-- a: maybe
-- b: there

-- in a list with a null: what is found is there
SELECT a FROM t WHERE a IN (1, NULL);
-- a: there

-- between needs all three
SELECT a, c FROM t WHERE a BETWEEN c AND 3;
-- a: there
-- c: there

-- left join: the right side may be missing
SELECT t.id, u.k FROM t LEFT JOIN u ON t.id = u.k;
-- id: there
-- k: maybe

-- and is there again once it is asked for
SELECT u.k, u.v FROM t LEFT JOIN u ON t.id = u.k WHERE u.l = 'p';
-- k: maybe
-- v: maybe

-- right join: the left may
SELECT t.id, u.k FROM t RIGHT JOIN u ON t.id = u.k;
-- id: maybe
-- k: there

-- full join: either
SELECT t.id, u.k FROM t FULL JOIN u ON t.id = u.k;
-- id: maybe
-- k: maybe

-- inner join: what is equal is there
SELECT e.p, g.m, g.n FROM e JOIN g ON e.p = g.m;
-- p: there
-- m: there
-- n: maybe

-- inner join where null meets null
SELECT e.p FROM e JOIN g ON e.p IS NOT DISTINCT FROM g.m;
-- p: maybe

-- semi join keeps what meets
SELECT p FROM e SEMI JOIN g ON e.p = g.m;
-- p: there

-- anti join keeps what meets nothing, as null does
SELECT p FROM e ANTI JOIN g ON e.p = g.m;
-- p: maybe

-- asof left join may find nothing
SELECT t.id, u.k FROM t ASOF LEFT JOIN u ON t.id >= u.k;
-- id: there
-- k: maybe

-- positional join pads the shorter
SELECT t.id, u.k FROM t POSITIONAL JOIN u;
-- id: maybe
-- k: maybe

-- CASE without ELSE
SELECT CASE WHEN f THEN id END AS x, CASE WHEN f THEN id ELSE 0 END AS y FROM t;
-- x: maybe
-- y: there

-- CASE knows what its condition says
SELECT CASE WHEN a IS NULL THEN 0 ELSE a END AS x, CASE WHEN a > 1 THEN a ELSE id END AS y FROM t;
-- x: there
-- y: there

-- coalesce, greatest and least need one
SELECT coalesce(a, id) AS x, greatest(a, id) AS y, coalesce(a, b::INTEGER) AS z FROM t;
-- x: there
-- y: there
-- z: maybe

-- nullif may always
SELECT nullif(id, 1) AS x FROM t;
-- x: maybe

-- a cast keeps, one that may fail doesn't
SELECT id::VARCHAR AS x, TRY_CAST(id AS TINYINT) AS y, TRY_CAST(300 AS TINYINT) AS z FROM t;
-- x: there
-- y: maybe
-- z: maybe

-- a null in JSON is cast to null
SELECT ('null'::JSON)::INTEGER AS x;
-- x: maybe

-- division by zero fails or is infinite
SELECT id / k AS x, id / a AS y FROM t, u;
-- x: there
-- y: maybe

-- parts of times: null of infinite ones
SELECT month(d) AS x, month(coalesce(d, DATE 'infinity')) AS y, year(d + INTERVAL 1 DAY) AS z FROM t;
-- x: there
-- y: maybe
-- z: there

-- elements of lists
SELECT [id, 1][id] AS x, [id][1] AS y, len([id]) AS z FROM t;
-- x: maybe
-- y: maybe
-- z: there

-- a total over all rows may have none
SELECT count(*) AS n, count(a) AS m, sum(id) AS s, max(id) AS x FROM t;
-- n: there
-- m: there
-- s: maybe
-- x: maybe

-- a group has a row
SELECT a, sum(id) AS s, max(a) AS m, sum(id) FILTER (WHERE f) AS t, list(a) AS l FROM t GROUP BY a;
-- a: maybe
-- s: there
-- m: maybe
-- t: maybe
-- l: there

-- aggregates that skip what isn't finite, count nothing, or have one row
SELECT approx_quantile(w, 0.5) AS q, count_if(k > 0) AS c, var_samp(k) AS v, string_agg(l, NULL) AS s FROM u GROUP BY k;
-- q: maybe
-- c: there
-- v: maybe
-- s: maybe

-- ROLLUP puts nulls for keys, and a total of no rows
SELECT d, id, sum(id) AS s FROM t GROUP BY ROLLUP (d, id);
-- d: maybe
-- id: maybe
-- s: maybe

-- keys that all sets have
SELECT d, id, sum(id) AS s, grouping(id) AS g FROM t GROUP BY GROUPING SETS ((d), (d, id));
-- d: there
-- id: maybe
-- s: there
-- g: there

-- windows: numbers are there, neighbours may not be
SELECT row_number() OVER () AS n, lag(id) OVER (ORDER BY id) AS p, lag(id, 1, 0) OVER (ORDER BY id) AS q,
       lag(id, NULL, 0) OVER (ORDER BY id) AS r, ntile(a) OVER (ORDER BY id) AS t FROM t;
-- n: there
-- p: maybe
-- q: there
-- r: maybe
-- t: maybe

-- windows: a frame that holds its own row
SELECT sum(id) OVER (ORDER BY id) AS s, sum(id) OVER (ORDER BY id ROWS 2 PRECEDING) AS t,
       sum(id) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) AS u FROM t;
-- s: there
-- t: there
-- u: maybe

-- a scalar subquery may find no row; that a count always does isn't seen where it reads the row about it
SELECT (SELECT k FROM u WHERE u.k = t.id LIMIT 1) AS x, (SELECT count(*) FROM u) AS n,
       (SELECT count(*) FROM u WHERE u.k = t.id) AS m FROM t;
-- x: maybe
-- n: there
-- m: maybe

-- EXISTS is never null, IN may be
SELECT EXISTS (FROM u WHERE u.k = t.a) AS x, a IN (SELECT k FROM u) AS y, id IN (SELECT k FROM u) AS z FROM t;
-- x: there
-- y: maybe
-- z: there

-- union: where each branch is there
SELECT id AS x, id AS y FROM t UNION ALL SELECT k, v FROM u;
-- x: there
-- y: maybe

-- except keeps the first branch's
SELECT id AS x FROM t EXCEPT SELECT a FROM t;
-- x: there

-- rows made here
SELECT * FROM (VALUES (1, 'p'), (2, NULL)) AS v(x, y), range(3) AS r(z);
-- x: there
-- y: maybe
-- z: there

-- unnest: nobody knows what a list holds, but where it is written
SELECT unnest(s) AS x, unnest([k, 2]) AS y FROM u;
-- x: maybe
-- y: maybe

-- unpivot drops nulls
SELECT name, value FROM (UNPIVOT (SELECT m, o FROM g) ON m, o);
-- name: there
-- value: there

-- CASE: where a comparison isn't true it may be null
SELECT CASE WHEN a = 1 THEN 0 ELSE a END AS x, CASE WHEN a > 1 OR a IS NULL THEN 0 ELSE a END AS y FROM t;
-- x: maybe
-- y: maybe

-- CASE: no value is null where none of all tests for it is true
SELECT CASE WHEN a IS NULL OR b IS NULL THEN 0 ELSE a + length(b) END AS x FROM t;
-- x: there

-- a negative is as much there as what it is of
SELECT -id AS x, NOT f AS y FROM t WHERE (f OR id = 1);
-- x: there
-- y: maybe

-- a constant that the binder works out may be infinite
SELECT month(CASE WHEN true THEN DATE 'infinity' ELSE DATE '2020-02-29' END) AS x,
       month(CASE WHEN true THEN DATE '2020-02-29' ELSE DATE 'infinity' END) AS y FROM t;
-- x: maybe
-- y: there
