CREATE TABLE author (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  name VARCHAR(40) NOT NULL
);
INSERT INTO author (name) VALUES ('Ann'), ('Ben');
CREATE TABLE tag (
  code VARCHAR(10) NOT NULL PRIMARY KEY,
  label VARCHAR(20)
);
INSERT INTO tag (code, label) VALUES ('a', 'Art'), ('b', 'Books')
