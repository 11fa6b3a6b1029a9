CREATE TABLE book (
  id INTEGER NOT NULL PRIMARY KEY,
  title VARCHAR(40) NOT NULL,
  author VARCHAR(40) NOT NULL,
  pages INTEGER,
  lang VARCHAR(2) NOT NULL,
  in_print BOOLEAN NOT NULL
);
INSERT INTO book (id, title, author, pages, lang, in_print) VALUES
  (1, 'Dune', 'Herbert', 412, 'en', TRUE), (2, 'Emma', 'Austen', 320, 'en', TRUE), (3, 'Niebla', 'Unamuno', 256, 'es', FALSE),
  (4, 'Bartleby, the Scrivener', 'Melville', NULL, 'en', TRUE), (5, 'Salt AND Pepper', 'O''Dea', 90, 'es', FALSE);
