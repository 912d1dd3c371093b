-- a column carries its classification, in our words where it has some
SELECT id, town, mail, note, score FROM person;
-- id: free
-- town: internal
-- mail: restricted
-- note: tier 2
-- score: confidential

-- the highest of what a value is computed from
SELECT mail || town AS a, upper(mail) AS b, score + id AS c, mail || note AS d, md5(mail) AS e FROM person;
-- a: restricted
-- b: restricted
-- c: confidential
-- d: restricted, tier 2
-- e: restricted

-- a CASE tells its condition
SELECT CASE WHEN score > 3 THEN 1 ELSE 0 END AS a, mail IS NULL AS b FROM person;
-- a: confidential
-- b: restricted

-- a filter taints by selection
SELECT id, town FROM person WHERE score > 3;
-- id: free by selection confidential
-- town: internal by selection confidential

-- so does a join, and constants aren't free of it
SELECT v.page, 1 AS one FROM visit AS v JOIN person AS p ON v.mail = p.mail;
-- page: free by selection restricted
-- one: free by selection restricted

-- a left join taints by selection
SELECT v.page, p.town FROM visit AS v LEFT JOIN person AS p ON v.mail = p.mail;
-- page: free by selection restricted
-- town: internal by selection restricted

-- a count tells no values, all other aggregates do
SELECT count(*) AS n, count(mail) AS m, count(DISTINCT mail) AS d, sum(score) AS s, max(mail) AS x FROM person;
-- n: free
-- m: free by selection restricted
-- d: free by selection restricted
-- s: confidential
-- x: restricted

-- groups are chosen by their keys
SELECT score, count(*) AS n, sum(id) FILTER (WHERE mail > 'm') AS s FROM person GROUP BY score;
-- score: confidential
-- n: free by selection confidential
-- s: free by selection restricted

-- a row's number tells what it is counted by
SELECT row_number() OVER (ORDER BY score) AS r, sum(id) OVER (PARTITION BY mail) AS s, id FROM person;
-- r: confidential
-- s: free by selection restricted
-- id: free

-- the first of an order tells the order
SELECT first(id ORDER BY score) AS f, arg_max(id, score) AS a FROM person;
-- f: confidential
-- a: confidential

-- whether it is found tells what is sought
SELECT id, mail IN (SELECT mail FROM visit) AS seen FROM person;
-- id: free
-- seen: restricted

-- and what is kept by that is kept by selection
SELECT id FROM person WHERE mail IN (SELECT mail FROM visit);
-- id: free by selection restricted

-- distinct rows are chosen by all their columns
SELECT DISTINCT town, score FROM person;
-- town: internal by selection confidential
-- score: confidential

-- the first of each is chosen by the order
SELECT DISTINCT ON (town) town, id FROM person ORDER BY town, score;
-- town: internal by selection confidential
-- id: free by selection confidential

-- unions carry both
SELECT mail FROM visit UNION ALL SELECT town FROM person;
-- mail: restricted

-- lists are unpacked with their labels
SELECT unnest([mail, town]) AS x, id FROM person;
-- x: restricted
-- id: free by selection restricted

-- what a WITH reads, all that reads it does
WITH a AS (SELECT id, mail AS m FROM person WHERE score > 1) SELECT id, length(m) AS l FROM a;
-- id: free by selection confidential
-- l: restricted by selection confidential

-- a WITH that reads itself may do anything with what it reads
WITH RECURSIVE a AS (SELECT id, score FROM person UNION ALL SELECT id + 1, score FROM a WHERE id < 3) SELECT id FROM a;
-- id: confidential

-- what is looked up leaves the rows that look as they are
SELECT id, (SELECT count(*) FROM visit AS v WHERE v.mail = p.mail) AS n FROM person AS p;
-- id: free
-- n: free by selection restricted

-- DuckDB makes a left join of some
SELECT id, (SELECT max(score) FROM person AS o WHERE o.town = p.town) AS most FROM person AS p;
-- id: free by selection internal
-- most: confidential by selection internal
