CREATE SCHEMA kinds;
CREATE TYPE kinds."Mood" AS ENUM ('up', 'Down');
CREATE DOMAIN kinds.thing_id AS INTEGER CHECK (VALUE > 0);
CREATE TABLE ev (
  id INTEGER NOT NULL,
  thing_id INTEGER,
  mood kinds."Mood",
  code VARCHAR(10),
  name TEXT,
  dom kinds.thing_id,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE TABLE ev_low PARTITION OF ev FOR VALUES FROM (0) TO (10);
CREATE TABLE ev_high PARTITION OF ev FOR VALUES FROM (10) TO (20);
INSERT INTO ev VALUES (1, 1, 'up', 'A', 'Ada', 1), (11, 2, 'Down', 'b', 'ADA', 2), (12, 1, NULL, NULL, NULL, NULL), (13, NULL, 'Down', 'C', 'Bo', 99);
