CREATE TABLE person (
  id INTEGER NOT NULL PRIMARY KEY,
  code VARCHAR(20) NOT NULL UNIQUE
);
INSERT INTO person (id, code) VALUES (1, 'abcd'), (2, 'xyz');
