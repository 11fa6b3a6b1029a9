CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  l VARCHAR(20) CHARACTER SET latin1
);
CREATE INDEX ref_l ON ref (l);
INSERT INTO ref (id, l) VALUES (1, 'ann'), (2, 'Ann'), (3, '?'), (4, 'ü'), (5, NULL), (6, 'z');
