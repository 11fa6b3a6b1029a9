CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE EXTENSION hstore;
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE every (
  id SMALLINT NOT NULL PRIMARY KEY,
  net INET,
  u UUID,
  m mood,
  b BOOLEAN,
  d DATE,
  ts TIMESTAMPTZ,
  iv INTERVAL,
  n NUMERIC(20, 4),
  f FLOAT8,
  by BYTEA,
  bi BIT(3),
  h HSTORE,
  a_ts TIMESTAMPTZ[],
  a_by BYTEA[],
  folded TEXT COLLATE loose,
  big FLOAT8
);
INSERT INTO every VALUES
  (1, '10.0.0.1', '0f8fad5b-d9cb-469f-a165-70867728950e', 'sad', true, '2024-02-29', '2024-02-29 12:30:45+00', '1 day', 1.5, 'NaN', '\x00ff', B'101', 'a=>1', '{2024-02-29 12:30:45+00}', '{"\\x00ff"}', 'Ärger', 1e300),
  (2, '10.0.0.2', '7c9e6679-7425-40de-944b-e07fc1f90ae7', 'happy', false, '2023-01-01', '2023-01-01 00:00:00+00', '2 days', 99999999999.9999, 1.5, '\x01', B'011', NULL, NULL, NULL, 'arger', 1e-7),
  (3, NULL, NULL, 'ok', NULL, 'infinity', NULL, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, 'x', NULL);
