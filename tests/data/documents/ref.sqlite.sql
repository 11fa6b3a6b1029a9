CREATE TABLE tag (
  id VARCHAR(40) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO tag (id, label) VALUES
  ('red', 'Red'),
  ('blue', 'Blue'),
  ('green', 'Green'),
  ('a"b', 'quote'),
  ('back\slash', 'backslash'),
  ('😀', 'emoji'),
  ('O''Neil', 'single'),
  ('', 'empty'),
  ('x,y', 'comma'),
  ('A', 'escaped');
CREATE TABLE product (
  id BIGINT NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO product (id, label) VALUES
  (0, 'zero'), (1, 'one'), (2, 'two'), (9007199254740992, 'even'), (9007199254740993, 'odd'), (9223372036854775807, 'max'), (-1, 'minus one');
CREATE TABLE author (
  id VARCHAR(20) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO author (id, label) VALUES ('ann', 'Ann'), ('ben', 'Ben');
