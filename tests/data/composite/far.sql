CREATE TABLE pair (
  a VARCHAR(20) NOT NULL,
  b VARCHAR(20) NOT NULL,
  label VARCHAR(20) NOT NULL,
  PRIMARY KEY (a, b)
);
INSERT INTO pair (a, b, label) VALUES
  ('a,b', 'c', 'comma first'), ('a', 'b,c', 'comma second'), ('(a', 'b)', 'brackets'), ('a"', 'b', 'quote first'),
  ('a', '"b', 'quote second'), ('', 'x', 'empty first'), ('x', '', 'empty second'), ('["a"', '"b"]', 'json'), ('a''', '''b', 'single'),
  ('a', 'b', 'plain'), ('ab', '', 'joined'), ('null', 'null', 'the word');
CREATE TABLE room (
  house VARCHAR(10) NOT NULL,
  floor INTEGER NOT NULL,
  number INTEGER NOT NULL,
  label VARCHAR(20) NOT NULL,
  PRIMARY KEY (house, floor, number)
);
INSERT INTO room (house, floor, number, label) VALUES ('H', 0, 1, 'H01'), ('H', 1, 0, 'H10'), ('h', 0, 2, 'h02'), ('1', 1, 1, '111');
