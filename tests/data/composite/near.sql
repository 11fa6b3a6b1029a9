CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  a VARCHAR(20),
  b VARCHAR(20)
);
CREATE INDEX ref_pair ON ref (a, b);
INSERT INTO ref (id, a, b) VALUES
  (1, 'a,b', 'c'), (2, 'a', 'b,c'), (3, '(a', 'b)'), (4, 'a"', 'b'), (5, 'a', '"b'), (6, '', 'x'), (7, 'x', ''), (8, '["a"', '"b"]'),
  (9, 'a''', '''b'), (10, 'a', 'b'), (11, 'ab', ''), (12, 'a', NULL), (13, NULL, 'b'), (14, NULL, NULL), (15, '', ''), (16, 'A', 'b'),
  (17, 'a', 'b'), (18, 'null', 'null'), (19, 'b', 'a'), (20, 'a', 'b');
CREATE TABLE stay (
  id INTEGER NOT NULL PRIMARY KEY,
  house_code VARCHAR(10),
  floor INTEGER,
  room VARCHAR(10)
);
CREATE INDEX stay_room ON stay (house_code, floor, room);
INSERT INTO stay (id, house_code, floor, room) VALUES
  (1, 'H', 0, '1'), (2, 'H', 1, '0'), (3, 'h', 0, '1'), (4, 'h', 0, '2'), (5, '1', 1, '1'), (6, 'H', 0, '01'), (7, 'H', NULL, '1'), (8, 'H', 0, 'x');
CREATE TABLE note (
  id INTEGER NOT NULL PRIMARY KEY,
  a VARCHAR(20),
  b VARCHAR(20)
);
CREATE INDEX note_pair ON note (a, b);
INSERT INTO note (id, a, b) VALUES (1, 'a', 'b'), (2, NULL, NULL);
