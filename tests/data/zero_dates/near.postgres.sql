CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  day DATE
);
CREATE INDEX ref_day ON ref (day);
INSERT INTO ref (id, day) VALUES (1, 'infinity'), (2, '-infinity'), (3, '10000-01-01'), (4, '0044-03-15 BC'), (5, '2024-02-29');
