CREATE TABLE book (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  title VARCHAR(40) NOT NULL UNIQUE,
  author_id INTEGER
);
CREATE INDEX book_author ON book (author_id);
INSERT INTO book (title, author_id) VALUES ('Romola', 1), ('Orlando', 2);
CREATE TABLE review (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  book_id INTEGER NOT NULL,
  stars INTEGER
);
CREATE INDEX review_book ON review (book_id);
INSERT INTO review (book_id, stars) VALUES (1, 5), (1, 3), (2, 4)
