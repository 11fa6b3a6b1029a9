CREATE TABLE author (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL);
INSERT INTO author (id, name) VALUES (1, 'Ann'), (2, 'Ben'), (3, 'Cleo'), (4, 'Dan');
CREATE TABLE book (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL UNIQUE, author_id INTEGER);
CREATE INDEX book_author ON book (author_id);
INSERT INTO book (id, code, author_id) VALUES (10, 'a', 1), (11, 'b', 1), (12, 'c', 2), (13, 'd', NULL), (14, 'e', 4);
CREATE TABLE page (id INTEGER NOT NULL PRIMARY KEY, book_id INTEGER, next_id INTEGER);
CREATE INDEX page_book ON page (book_id);
CREATE INDEX page_next ON page (next_id);
INSERT INTO page (id, book_id, next_id) VALUES (100, 10, 101), (101, 10, 100), (102, 11, 102), (103, 12, NULL), (104, NULL, 103), (105, 13, NULL);
CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, author_id INTEGER);
CREATE INDEX note_author ON note (author_id);
INSERT INTO note (id, author_id) VALUES (20, 1), (21, 2), (22, NULL);
CREATE TABLE shelf (id INTEGER NOT NULL PRIMARY KEY, content JSON);
INSERT INTO shelf (id, content) VALUES
  (30, '{"books": ["a", "x", "b", "a"], "owner": {"author": 1, "since": 1.50}}'),
  (31, '{"books": ["c"], "owner": {"author": null}}'),
  (32, '{"books": []}'),
  (33, NULL);
CREATE TABLE kind (id INTEGER NOT NULL PRIMARY KEY);
INSERT INTO kind (id) VALUES (1), (2);
CREATE TABLE part (id INTEGER NOT NULL PRIMARY KEY, kind_id INTEGER);
CREATE INDEX part_kind ON part (kind_id);
INSERT INTO part (id, kind_id) VALUES (1, 1), (2, 1);
CREATE TABLE label (id INTEGER NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL);
CREATE INDEX label_code ON label (code);
INSERT INTO label (id, code) VALUES (1, 'x'), (2, 'x'), (3, 'y');
CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, label_code VARCHAR(10));
CREATE INDEX item_label ON item (label_code);
INSERT INTO item (id, label_code) VALUES (1, 'x'), (2, 'y'), (3, NULL);
