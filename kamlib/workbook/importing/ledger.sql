-- How the lines of a ledger are added up, in DuckDB. Each statement has a name; {braces} are filled in by
-- ledger.py: columns of the file, never what stands in a cell, but for values with their quotes doubled.
--
-- A line has: line (its number), c and m (id and name of the customer), d (date), o (a mark of its order),
-- n_... (a figure, NULL for unknown), t_... (what stands there where it is no figure), h (a mark of all its
-- cells), rest (all its cells, where it has no date or no customer), f_... (what kind of line it is).

-- name: load
CREATE TABLE lines AS
SELECT line, {customer} AS c, {name} AS m, CASE WHEN contains({date}, ':') OR contains({date}, 'T') THEN regexp_replace({date}, '{time}', '') ELSE {date} END AS d,
  CASE WHEN lower({order}) NOT IN ({nobody}) THEN hash({order}) END AS o,
  {figures}, {flags}
  CASE WHEN d = '' OR (c = '' AND m = '') THEN concat_ws('|', {every}) END AS rest,
  hash({compared}) AS h
FROM {source}
WHERE coalesce({filled}) IS NOT NULL

-- name: csv
(SELECT row_number() OVER () + {skip} AS line, * FROM read_csv('{path}', header=false, columns={columns},
  auto_detect=false, delim='{mark}', quote='"', escape='"', skip={skip}, null_padding=true, max_line_size={most},
  parallel={parallel}))

-- name: parquet
(SELECT row_number() OVER () + 1 AS line, {columns} FROM read_parquet('{path}'))

-- name: odd
UPDATE lines SET n_{field} = CAST(given.value AS {wide}), t_{field} = CASE WHEN given.bad THEN t_{field} END
FROM given WHERE t_{field} = given.said

-- name: sales
CREATE VIEW sales AS
SELECT *, {revenue} AS revenue, {cost} AS cost, {sign} * n_discount AS discount, {sign} * n_freight AS freight,
  {plain} IS NOT NULL AS known, {bad} AS bad
FROM lines

-- name: line
CREATE VIEW line AS SELECT * FROM sales JOIN who USING (c, m) JOIN day USING (d)

-- name: again
CREATE TABLE again AS
SELECT line FROM (
  SELECT line, row_number() OVER (PARTITION BY h ORDER BY line) AS n FROM line
  WHERE {kept} AND h IN (SELECT h FROM line WHERE {kept} GROUP BY h HAVING count(*) > 1)
) WHERE n > 1

-- name: total
year = 0 AND (total OR regexp_matches(strip_accents(lower(rest)), '{said}')
  OR (NOT named AND revenue <> 0 AND line > (SELECT max(line) - 3 FROM lines)
      AND revenue * 2 = (SELECT sum(revenue) FROM sales)))

-- name: sums
SELECT coalesce(sum({net}), 0), coalesce(sum(cost), 0), coalesce(sum(discount), 0), coalesce(sum(freight), 0)
FROM sales WHERE {where}

-- name: kinds
SELECT {flag}, count(*), coalesce(sum(revenue), 0) FROM line WHERE {kept} AND {flag} <> '' GROUP BY 1 ORDER BY 1

-- name: grouped
SELECT customer, year,
  coalesce(sum({net}), 0) AS revenue, coalesce(sum(cost), 0) AS cost,
  coalesce(sum(revenue) FILTER (cost IS NULL), 0) AS uncosted,
  coalesce(sum(discount), 0) AS discount, coalesce(sum(freight), 0) AS freight,
  count(*) AS lines, count(cost) AS costed, count(discount) AS discounted, count(freight) AS freighted,
  count(*) FILTER (known AND cost IS NULL) AS uncosted_lines,
  count(DISTINCT o) + count(*) FILTER (o IS NULL) AS orders
FROM line WHERE {kept} GROUP BY customer, year ORDER BY customer, year
