CREATE TABLE thing (
  id INTEGER NOT NULL PRIMARY KEY,
  k VARCHAR(1100)
);
INSERT INTO thing (id, k) VALUES
  (1, 'O\'Neil "x"'),
  (2, 'a,b;c'),
  (3, '(x) [y] {z}'),
  (4, 'back\\slash\\'),
  (5, '100%_sure'),
  (6, '😀👩‍👩‍👧'),
  (7, 'line\nbreak	tab'),
  (8, 'NULL'),
  (9, '$1 ? :p @v `b` "q"'),
  (10, ''),
  (11, REPEAT('x', 1024)),
  (12, REPEAT('x', 1025)),
  (13, REPEAT('é', 512)),
  (14, CONCAT(REPEAT('é', 512), 'x')),
  (15, '  '),
  (16, '\\'),
  (17, '%'),
  (18, '_'),
  (19, '-- /* */ #'),
  (20, 'a\\\'b'),
  (21, 'a'),
  (22, '\\u0041\\n'),
  (23, '﻿bom'),
  (24, 'true'),
  (25, '{"a":1}'),
  (26, '<&>'),
  (100, 'a\0b');
