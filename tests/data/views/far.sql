CREATE TABLE person (
  id INTEGER NOT NULL PRIMARY KEY,
  nick VARCHAR(10),
  age INTEGER
);
CREATE INDEX person_nick ON person (nick);
INSERT INTO person (id, nick, age) VALUES (1, 'ada', 40), (2, 'bo', 12), (3, 'cy', 70), (4, 'ada', 20), (5, NULL, 30);
CREATE VIEW grown AS SELECT id, nick, age FROM person WHERE age >= 18;
