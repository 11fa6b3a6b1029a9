CREATE SCHEMA stock;
CREATE SCHEMA hidden;
CREATE TABLE item (
  id INTEGER NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO item (id, label) VALUES (1, 'public 1'), (2, 'public 2');
CREATE TABLE stock.item (
  id INTEGER NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL,
  maker VARCHAR(10),
  parent_id INTEGER REFERENCES item (id)
);
INSERT INTO stock.item (id, label, maker, parent_id) VALUES (1, 'stock 1', 'acme', 2), (3, 'stock 3', NULL, NULL);
CREATE TABLE hidden.secret (
  id INTEGER NOT NULL PRIMARY KEY
);
