CREATE TABLE film (
  id INTEGER NOT NULL PRIMARY KEY,
  year YEAR
);
CREATE INDEX film_year ON film (year);
INSERT INTO film (id, year) VALUES (1, 2024), (2, 1999), (3, 2005), (4, NULL), (5, '0000');
