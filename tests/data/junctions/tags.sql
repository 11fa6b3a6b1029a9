CREATE TABLE tag (
  code VARCHAR(10) NOT NULL PRIMARY KEY,
  weight INTEGER
);
INSERT INTO tag (code, weight) VALUES ('red', 3), ('blue', 1), ('green', NULL), ('', 9);
