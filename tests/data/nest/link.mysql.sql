CREATE TABLE book_shelf (
  id INTEGER NOT NULL PRIMARY KEY AUTO_INCREMENT,
  book_id INTEGER NOT NULL,
  shelf_id INTEGER NOT NULL
);
CREATE INDEX book_shelf_book ON book_shelf (book_id);
CREATE INDEX book_shelf_shelf ON book_shelf (shelf_id);
INSERT INTO book_shelf (book_id, shelf_id) VALUES (1, 2);
CREATE TABLE label (
  code VARCHAR(10) NOT NULL PRIMARY KEY,
  book_title VARCHAR(40),
  color VARCHAR(10)
);
CREATE INDEX label_book ON label (book_title);
INSERT INTO label (code, book_title) VALUES ('a', 'Romola'), ('b', NULL);
CREATE TABLE chapter (
  book_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  title VARCHAR(40),
  PRIMARY KEY (book_id, number)
);
INSERT INTO chapter (book_id, number, title) VALUES (1, 1, 'Proem'), (2, 1, 'Youth')
