CREATE TABLE customer (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL
);
INSERT INTO customer (id, name) VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy'), (4, 'Di'), (5, 'Ed'), (6, 'Flo'), (7, 'Gus');
CREATE TABLE genre (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL
);
INSERT INTO genre (id, name) VALUES (1, 'Rock'), (2, 'Jazz'), (3, 'Blues'), (4, 'Latin'), (5, 'Polka');
