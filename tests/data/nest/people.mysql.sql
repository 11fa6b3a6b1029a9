CREATE TABLE author (
  id INTEGER NOT NULL PRIMARY KEY AUTO_INCREMENT,
  name VARCHAR(40) NOT NULL,
  mentor_id INTEGER
);
CREATE INDEX author_mentor ON author (mentor_id);
INSERT INTO author (name) VALUES ('Eliot'), ('Woolf');
CREATE TABLE detail (
  id INTEGER NOT NULL PRIMARY KEY AUTO_INCREMENT,
  book_id INTEGER UNIQUE,
  pages INTEGER
);
INSERT INTO detail (book_id, pages) VALUES (1, 300);
CREATE TABLE shelf (
  id INTEGER NOT NULL PRIMARY KEY AUTO_INCREMENT,
  name VARCHAR(40) NOT NULL
);
INSERT INTO shelf (name) VALUES ('New'), ('Fiction')
