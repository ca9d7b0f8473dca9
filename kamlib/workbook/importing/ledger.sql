-- How the lines of a ledger are added up, in DuckDB. Each statement has a name; {braces} are filled in by
-- ledger.py: columns of the file, never what stands in a cell, but for values with their quotes doubled.
--
-- A line has: rowid (its place, from 0), c and m (id and name of the customer), d (date), o (a mark of its
-- order), n_... (a figure, NULL for unknown), t_... (what stands there where it is no figure), f_... (what
-- kind of line it is), rest (all its cells, where it has no date or no customer), h (a mark of all its cells).
-- `load` must hold no join, which an IN with many words is as well: lines would no longer be in their order.

-- name: figures
CREATE MACRO as_figure(text) AS try_cast(text AS DECIMAL(18, 6));
CREATE MACRO whole(text) AS
  CASE WHEN regexp_full_match(trim(text), '-?[0-9]+') THEN as_figure(text) END;
CREATE MACRO with_point(text) AS coalesce(as_figure(text), CASE
  WHEN regexp_full_match(trim(text), '-?[£$€]? ?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)([.][0-9]+)?( ?€)?')
  THEN as_figure(regexp_replace(text, '[£$€ ,]', '', 'g')) END);
CREATE MACRO with_comma(text) AS CASE
  WHEN regexp_full_match(trim(text), '-?[£$€]? ?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)?( ?€)?')
  THEN as_figure(replace(regexp_replace(text, '[£$€ .]', '', 'g'), ',', '.')) END;

-- name: load
CREATE TABLE lines AS
SELECT {customer} AS c, {name} AS m,
  CASE WHEN length({date}) > 10 THEN regexp_replace({date}, '{time}', '') ELSE {date} END AS d,
  {order} AS o,
  {columns},
  CASE WHEN d = '' OR (c = '' AND m = '') THEN concat_ws('|', {every}) END AS rest,
  hash({compared}) AS h
FROM {source}

-- name: nobody
UPDATE lines SET o = NULL WHERE o IN (SELECT hash(word) FROM (SELECT unnest({words}) AS word))

-- name: csv
read_csv('{path}', header=false, columns={columns}, auto_detect=false, delim='{mark}', quote='"', escape='"',
  skip={skip}, null_padding=true, max_line_size={most}, decimal_separator='{point}', parallel={parallel})

-- name: parquet
(SELECT {columns} FROM read_parquet('{path}'))

-- name: odd
UPDATE lines SET n_{field} = CAST(given.value AS {wide}), t_{field} = CASE WHEN given.bad THEN t_{field} END
FROM given WHERE t_{field} = given.said

-- name: sales
CREATE VIEW sales AS
SELECT rowid AS line, *, {sign} * ({net}) AS revenue, {sign} * ({cost}) AS cost, {sign} * ({discount}) AS discount,
  {sign} * ({freight}) AS freight, ({revenue}) IS NOT NULL AS known, {bad} AS bad
FROM lines

-- name: line
CREATE VIEW line AS SELECT * FROM sales JOIN who USING (c, m) JOIN day USING (d)

-- name: out
CREATE TABLE out AS SELECT * FROM (
  SELECT line, revenue, CASE
    WHEN bad THEN 'bad'
    WHEN {said} THEN 'as you said'
    WHEN NOT known AND coalesce({others}) IS NULL THEN 'no figures'
    WHEN year = 0 AND (total OR regexp_matches(strip_accents(lower(rest)), '{totals}')
      OR (NOT named AND revenue <> 0 AND line > (SELECT max(rowid) - 3 FROM lines)
        AND revenue * 2 = (SELECT sum(revenue) FROM sales))) THEN 'total'
    END AS why FROM line) WHERE why IS NOT NULL

-- name: again
CREATE TABLE again AS
SELECT line, revenue FROM (SELECT *, row_number() OVER (PARTITION BY h ORDER BY line) AS n FROM line
  WHERE h IN (SELECT h FROM lines GROUP BY h HAVING count(*) > 1)) WHERE n > 1

-- name: sums
SELECT coalesce(sum({net}), 0), coalesce(sum(cost), 0), coalesce(sum(discount), 0), coalesce(sum(freight), 0)
FROM sales

-- name: seen
SELECT count(*), coalesce(sum(revenue), 0), min({{line: line, text: {text}}}, 5) FROM {source} WHERE {where}

-- name: kinds
SELECT {flag}, count(*), coalesce(sum(revenue), 0) FROM sales WHERE {flag} <> '' GROUP BY 1 ORDER BY 1

-- name: grouped
SELECT customer, year,
  coalesce(sum({net}), 0) AS revenue, coalesce(sum(cost), 0) AS cost,
  coalesce(sum(revenue) FILTER (cost IS NULL), 0) AS uncosted,
  coalesce(sum(discount), 0) AS discount, coalesce(sum(freight), 0) AS freight,
  count(*) AS lines, count(cost) AS costed, count(discount) AS discounted, count(freight) AS freighted,
  count(*) FILTER (known AND cost IS NULL) AS uncosted_lines,
  count(DISTINCT o) + count(*) FILTER (o IS NULL) AS orders
FROM line GROUP BY customer, year ORDER BY customer, year
