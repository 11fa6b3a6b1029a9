CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  item_id INTEGER
);
CREATE INDEX ref_item ON ref (item_id);
INSERT INTO ref (id, item_id) VALUES (1, 1), (2, 2), (3, 3);
CREATE TABLE maker (
  name VARCHAR(10) NOT NULL PRIMARY KEY
);
INSERT INTO maker (name) VALUES ('acme'), ('none');
