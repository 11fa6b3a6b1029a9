CREATE TABLE person (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(10) NOT NULL
);
INSERT INTO person (id, name) VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy');
