-- a declared key passes through, and is lost with its column
SELECT k, l, v FROM u;
-- keys: (k, l)

-- no key is left
SELECT k, v FROM u;
-- keys: none

-- the same key in a wider type, or its negative
SELECT -id AS x, id::BIGINT AS y, a FROM t;
-- keys: (x) (y)
-- from x: y, a

-- a function of a key is no key
SELECT id % 2 AS x, abs(id) AS y FROM t;
-- keys: none

-- an equal column needs no place in the key
SELECT k, v FROM u WHERE l = 'p';
-- keys: (k)

-- nor does one that another tells
SELECT k, v FROM u WHERE l = k::VARCHAR;
-- keys: (k)

-- a key of all that is null is one row
SELECT n FROM g WHERE m IS NULL;
-- keys: ()

-- a declared dependency
SELECT n, o, upper(n) AS x FROM g;
-- keys: none
-- from n: o, x

-- what is computed of doubles doesn't follow: 0.0 equals -0.0
SELECT w, 1 / w AS x, w::VARCHAR AS y FROM u;
-- keys: none
-- from w: none

-- what changes doesn't follow
SELECT n, random() AS x, list_transform([1], lambda y: y + random()) AS z FROM g;
-- from n: none

-- join to a key keeps the left's key
SELECT t.id, t.a, g.n, g.o FROM t JOIN g ON t.a = g.m;
-- keys: (id)
-- from a: n, o

-- join to a part of a key fans out
SELECT t.id, u.l FROM t JOIN u ON t.id = u.k;
-- keys: (id, l)

-- left join to a key
SELECT t.id, t.a, g.m, g.n FROM t LEFT JOIN g ON t.a = g.m;
-- keys: (id)
-- from a: m, n
-- from n: none

-- left join to no key
SELECT t.id, e.q FROM t LEFT JOIN e ON t.id = e.p;
-- keys: none

-- right join keeps the right's
SELECT t.id, g.m, g.n FROM t RIGHT JOIN g ON t.id = g.m;
-- keys: (m)

-- full join: a missing side must be told from a null
SELECT t.id, u.k, u.l FROM t FULL JOIN u ON t.id = u.k;
-- keys: (id, k, l)

-- full join with nullable keys has none
SELECT t.a, g.m, g.n FROM (SELECT DISTINCT a FROM t) AS t FULL JOIN g ON t.a = g.m;
-- keys: none

-- full join USING takes its key from either side
SELECT k FROM (SELECT id AS k FROM t) FULL JOIN (SELECT DISTINCT k FROM u) USING (k);
-- keys: (k)

-- cross join: both keys
SELECT id, k, l FROM t, u;
-- keys: (id, k, l)

-- join to one row
SELECT id, n FROM t, (SELECT count(*) AS n FROM u);
-- keys: (id)
-- from a column of none: n

-- semi and anti joins keep
SELECT id, a FROM t WHERE id IN (SELECT k FROM u) AND NOT EXISTS (FROM g WHERE g.m = t.a);
-- keys: (id)

-- asof join finds one at most
SELECT t.id, u.k, u.l FROM t ASOF JOIN u ON t.id >= u.k;
-- keys: (id)

-- positional join tells nothing
SELECT t.id, u.k FROM t POSITIONAL JOIN u;
-- keys: none

-- a scalar subquery follows from what it reads
SELECT a, (SELECT count(*) FROM g WHERE g.m = t.a) AS n FROM t;
-- keys: none
-- from a: n

-- EXISTS follows from what it reads
SELECT a, EXISTS (FROM g WHERE g.m = t.a) AS x FROM t;
-- from a: x

-- group by
SELECT p, q, count(*) AS n FROM e GROUP BY ALL;
-- keys: (p, q)

-- group by with a dependency needs fewer
SELECT n, o, count(*) AS x FROM g GROUP BY n, o;
-- keys: (n)

-- group by an expression and its ground
SELECT p, p + 1 AS x, count(*) AS n FROM e GROUP BY p, p + 1;
-- keys: (p)

-- a total is one row
SELECT count(*) AS n FROM e;
-- keys: ()

-- two totals are two rows
SELECT count(*) AS n FROM e GROUP BY GROUPING SETS ((), ());
-- keys: none

-- ROLLUP over what is never null
SELECT d, id, count(*) AS n FROM t GROUP BY ROLLUP (d, id);
-- keys: (d, id)

-- ROLLUP over what may be null
SELECT p, count(*) AS n FROM e GROUP BY ROLLUP (p);
-- keys: none

-- the same set twice
SELECT id, count(*) AS n FROM t GROUP BY GROUPING SETS ((id), (id));
-- keys: none

-- distinct
SELECT DISTINCT p, q FROM e;
-- keys: (p, q)

-- distinct on
SELECT DISTINCT ON (w) w, k FROM u;
-- keys: (w)

-- the first of each
SELECT p, q, r FROM e QUALIFY row_number() OVER (PARTITION BY p, q ORDER BY r) = 1;
-- keys: (p, q)

-- numbered
SELECT p, row_number() OVER (PARTITION BY p ORDER BY r) AS n FROM e;
-- keys: (p, n)

-- numbered by an expression
SELECT p, row_number() OVER (PARTITION BY p % 2 ORDER BY r) AS n FROM e;
-- keys: (p, n)

-- a rank has ties
SELECT p, q FROM e QUALIFY rank() OVER (PARTITION BY p ORDER BY r) = 1;
-- keys: none

-- a negative of a number isn't told by what is below 2
SELECT p, n FROM (SELECT p, -row_number() OVER (PARTITION BY p ORDER BY r) AS n FROM e) WHERE n <= 1;
-- keys: (p, n)

-- a number within a frame repeats
SELECT p, row_number(ORDER BY r) OVER (PARTITION BY p ORDER BY q ROWS 1 PRECEDING) AS n FROM e;
-- keys: none

-- one row at most
SELECT p FROM e LIMIT 1;
-- keys: ()

-- a limit keeps keys
SELECT id FROM t ORDER BY a LIMIT 5;
-- keys: (id)

-- union all forgets
SELECT id FROM t UNION ALL SELECT k FROM u;
-- keys: none

-- union all of branches that a constant tells apart
SELECT id AS x, a AS y, 'p' AS z FROM t UNION ALL SELECT m, o, 'q' FROM g;
-- keys: (x, z)

-- the constant may stand in a condition
SELECT k, l FROM u WHERE l = 'p' UNION ALL SELECT k, l FROM u WHERE l = 'q';
-- keys: (k, l)

-- one that repeats tells nothing
SELECT id AS x, 'p' AS z FROM t UNION ALL SELECT m, 'p' FROM g;
-- keys: none

-- union is distinct
SELECT p FROM e UNION SELECT m FROM g;
-- keys: (p)

-- except and intersect
SELECT id FROM t EXCEPT ALL SELECT k FROM u;
-- keys: (id)

-- what both branches of INTERSECT know
SELECT k, v FROM u INTERSECT ALL SELECT m, o FROM g;
-- keys: (k)

-- unnest repeats rows
SELECT k, l, v, unnest(s) AS x FROM u;
-- keys: none
-- from a column of none: none

-- values
SELECT * FROM (VALUES (1, 'p'), (2, 'p')) AS v(x, y);
-- keys: (x)

-- WITH used twice
WITH w AS (SELECT p, count(*) AS n FROM e GROUP BY p) SELECT x.p, y.n FROM w AS x JOIN w AS y ON x.p = y.p;
-- keys: (p)

-- left join: what follows on the right doesn't where its ground may be null
SELECT t.id, g.n, g.o FROM t LEFT JOIN g ON t.id = g.m;
-- keys: (id)
-- from n: none

-- left join: and does where it may not
SELECT e.p, u.k, u.l, u.v FROM e LEFT JOIN (SELECT DISTINCT ON (k) k, l, v FROM u) AS u ON e.p = u.k;
-- keys: none
-- from k: l, v
-- from p: k, l, v

-- asof left join: whether one is found isn't told by what is equal
SELECT t.a, u.k FROM t ASOF LEFT JOIN u ON t.a = u.k AND t.id >= u.v;
-- keys: none
-- from a: none

-- two of each are no key
SELECT p, q FROM e QUALIFY row_number() OVER (PARTITION BY p, q ORDER BY r) < 3;
-- keys: none

-- nor are two rows one
SELECT p FROM e LIMIT 2;
-- keys: none

-- full join USING: null meets nothing, on either side
SELECT i FROM (SELECT DISTINCT p AS i FROM e) FULL JOIN (SELECT m AS i FROM g) USING (i);
-- keys: none

-- whether one is found by chance doesn't follow
SELECT a, EXISTS (FROM g WHERE g.m + random() > t.a) AS x FROM t;
-- from a: none
