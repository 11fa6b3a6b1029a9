CREATE TABLE thing (
  id INTEGER NOT NULL PRIMARY KEY
);
INSERT INTO thing (id) VALUES (0), (1), (2), (-1);
CREATE TABLE word (
  id VARCHAR(5) NOT NULL PRIMARY KEY
);
INSERT INTO word (id) VALUES ('0'), ('1'), ('2'), ('-1');
