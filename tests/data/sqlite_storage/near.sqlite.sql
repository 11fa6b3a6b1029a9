CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  b BLOB,
  t TEXT,
  i INTEGER
);
INSERT INTO ref (id, b, t, i) VALUES (1, X'69B71D', 'abc', 5), (2, 'abcd', X'616263', 'abc'), (3, 5, 5, '5'), (4, 5.5, 5.5, 5.5), (5, NULL, NULL, 5.0), (6, X'61626364', NULL, X'35');
