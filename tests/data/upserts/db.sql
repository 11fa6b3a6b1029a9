CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL, code VARCHAR(10) UNIQUE, parent_id INTEGER);
CREATE INDEX item_parent ON item (parent_id);
INSERT INTO item (id, name, code, parent_id) VALUES (1, 'one', 'a', NULL), (2, 'two', 'b', 1);
