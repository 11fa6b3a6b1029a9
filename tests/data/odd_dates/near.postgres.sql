CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  day DATE,
  at TIMESTAMP
);
INSERT INTO ref (id, day, at) VALUES
  (1, '2024-02-29', '2024-02-29 01:02:03'), (2, 'infinity', 'infinity'), (3, '-infinity', '-infinity'), (4, '0044-03-15 BC', '0044-03-15 12:00:00 BC'), (5, '20000-01-01', '20000-01-01 00:00:00');
