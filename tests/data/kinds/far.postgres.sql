CREATE TYPE level AS ENUM ('low', 'high', 'a,b');
CREATE TABLE post (
  id INTEGER NOT NULL PRIMARY KEY,
  title VARCHAR(20) NOT NULL
);
INSERT INTO post (id, title) VALUES (1, 'First'), (2, 'Second'), (3, 'Third');
CREATE TABLE account (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL
);
INSERT INTO account (id, name) VALUES (1, 'Ada'), (2, 'Bo');
CREATE TABLE state_row (
  code VARCHAR(10) NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO state_row (code, label) VALUES ('open', 'Open'), ('it''s', 'Its'), ('gone', 'Gone'), ('', 'Empty');
CREATE TABLE level_row (
  code level NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO level_row (code, label) VALUES ('low', 'Low'), ('a,b', 'Both');
CREATE TABLE day_row (
  id DATE NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO day_row (id, label) VALUES ('2024-02-29', 'leap'), ('1600-03-01', 'old'), ('9999-12-31', 'last');
CREATE TABLE moment (
  id TIMESTAMP(3) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO moment (id, label) VALUES
  ('2024-02-29 12:30:45', 'whole'), ('2024-02-29 12:30:45.5', 'half'), ('2024-02-29 12:30:45.123', 'thousandths'), ('1969-12-31 23:59:59.999', 'before 1970'), ('2024-02-29 00:00:00', 'midnight'), ('2024-02-29 12:30:45.124', 'rounded');
CREATE TABLE file (
  hash BYTEA NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO file (hash, label) VALUES ('\x00', 'zero'), ('\x', 'empty'), ('\xFF00FE', 'odd'), ('\x27225C', 'quotes'), ('\x616263', 'lower');
CREATE TABLE int_row (
  id INTEGER NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO int_row (id, label) VALUES (0, 'zero'), (1, 'one'), (2, 'two');
CREATE TABLE bool_row (
  id BOOLEAN NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO bool_row (id, label) VALUES (TRUE, 'yes'), (FALSE, 'no');
