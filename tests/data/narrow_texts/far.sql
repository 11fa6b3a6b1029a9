CREATE TABLE txt (
  n INTEGER NOT NULL,
  id VARCHAR(20) NOT NULL PRIMARY KEY
);
INSERT INTO txt (n, id) VALUES (1, 'ann'), (2, '😀'), (3, '?'), (4, 'ü'), (5, '日');
