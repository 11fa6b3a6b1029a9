CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  k VARCHAR(1100)
);
INSERT INTO ref (id, k) VALUES
  (1, E'O''Neil "x"'),
  (2, E'a,b;c'),
  (3, E'(x) [y] {z}'),
  (4, E'back\\slash\\'),
  (5, E'100%_sure'),
  (6, E'😀👩‍👩‍👧'),
  (7, E'line\nbreak\r	tab'),
  (8, E'NULL'),
  (9, E'$1 ? :p @v `b` "q"'),
  (10, E''),
  (11, repeat('x', 1024)),
  (12, repeat('x', 1025)),
  (13, repeat('é', 512)),
  (14, repeat('é', 512) || 'x'),
  (15, E'  '),
  (16, E'\\'),
  (17, E'%'),
  (18, E'_'),
  (19, E'-- /* */ #'),
  (20, E'a\\''b'),
  (21, E'a'),
  (22, E'\\u0041\\n'),
  (23, E'﻿bom'),
  (24, E'true'),
  (25, E'{"a":1}'),
  (26, E'<&>');
