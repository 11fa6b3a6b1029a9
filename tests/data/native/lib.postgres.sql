CREATE EXTENSION citext;
CREATE TABLE author (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL
);
CREATE TABLE book (
  id INTEGER NOT NULL PRIMARY KEY,
  title VARCHAR(20) NOT NULL,
  author_id INTEGER,
  FOREIGN KEY (author_id) REFERENCES author (id)
);
CREATE TABLE shelf (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL
);
CREATE TABLE book_shelf (
  id INTEGER NOT NULL PRIMARY KEY,
  book_id INTEGER NOT NULL,
  shelf_id INTEGER NOT NULL,
  FOREIGN KEY (book_id) REFERENCES book (id),
  FOREIGN KEY (shelf_id) REFERENCES shelf (id)
);
CREATE TABLE cover (
  book_id INTEGER NOT NULL PRIMARY KEY,
  colour VARCHAR(10) NOT NULL,
  FOREIGN KEY (book_id) REFERENCES book (id)
);
CREATE TABLE country (
  label VARCHAR(20) NOT NULL,
  code CITEXT NOT NULL PRIMARY KEY
);
CREATE TABLE city (
  id INTEGER NOT NULL PRIMARY KEY,
  country_code CITEXT,
  FOREIGN KEY (country_code) REFERENCES country (code)
);
INSERT INTO author (id, name) VALUES (1, 'Austen'), (2, 'Herbert'), (3, 'Nobody');
INSERT INTO book (id, title, author_id) VALUES (1, 'Emma', 1), (2, 'Dune', 2), (3, 'Persuasion', 1), (4, 'Anonymous', NULL);
INSERT INTO shelf (id, name) VALUES (1, 'New'), (2, 'Fiction');
INSERT INTO book_shelf (id, book_id, shelf_id) VALUES (1, 1, 2), (2, 1, 1), (3, 2, 2), (4, 2, 2);
INSERT INTO cover (book_id, colour) VALUES (1, 'red'), (4, 'grey');
INSERT INTO country (label, code) VALUES ('Germany', 'DE'), ('Spain', 'es');
INSERT INTO city (id, country_code) VALUES (1, 'DE'), (2, 'de'), (3, 'ES'), (4, NULL);
