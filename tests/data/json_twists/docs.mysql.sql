CREATE TABLE doc (
  id INTEGER NOT NULL PRIMARY KEY,
  tags JSON
);
INSERT INTO doc VALUES (1, '["red"]'), (2, '"[\\"red\\"]"'), (3, '["[\\"red\\"]"]');
CREATE TABLE twice (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO twice VALUES (1, '{"tag": "red", "tag": "blue"}'), (2, '{"tag": "blue"}');
