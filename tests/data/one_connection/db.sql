CREATE TABLE item (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(10) NOT NULL,
  grp VARCHAR(10) NOT NULL,
  n INTEGER
);
INSERT INTO item (id, name, grp, n) VALUES
  (1, 'a', 'x', 10), (2, 'b', 'x', NULL), (3, 'c', 'y', 30), (4, 'd', 'y', 5), (5, 'e', 'z', NULL), (6, 'f', 'z', 5), (7, 'g', 'z', 1);
CREATE TABLE part (
  id INTEGER NOT NULL PRIMARY KEY,
  item_id INTEGER NOT NULL
);
CREATE INDEX part_item ON part (item_id);
INSERT INTO part (id, item_id) VALUES (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 2);
CREATE TABLE keyless (
  v INTEGER
);
INSERT INTO keyless (v) VALUES (5), (5), (6);
