CREATE TABLE person (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL,
  boss_id INTEGER
);
CREATE INDEX person_boss ON person (boss_id);
INSERT INTO person (id, name, boss_id) VALUES (1, 'Ada', NULL), (2, 'Bo', 1), (3, 'Cy', 1), (4, 'Di', 99);
