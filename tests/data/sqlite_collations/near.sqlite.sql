CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  code TEXT
);
CREATE INDEX ref_code ON ref (code);
INSERT INTO ref (id, code) VALUES (1, 'Ada'), (2, 'ADA'), (3, 'Ada '), (4, 'ada');
