CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  code VARCHAR(10)
);
CREATE INDEX ref_code ON ref (code);
INSERT INTO ref (id, code) VALUES (1, 'open'), (2, 'OPEN'), (3, 'Open'), (4, 'open '), (5, '1'), (6, '');
CREATE TABLE item (
  id INTEGER NOT NULL PRIMARY KEY,
  state VARCHAR(10)
);
CREATE INDEX item_state ON item (state);
INSERT INTO item (id, state) VALUES (1, 'Open'), (2, 'shut');
