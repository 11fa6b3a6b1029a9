CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  n TINYINT(1)
);
CREATE INDEX ref_n ON ref (n);
INSERT INTO ref (id, n) VALUES (1, 1), (2, 2), (3, 0), (4, -1), (5, NULL);
