CREATE TABLE article (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  title VARCHAR(40) NOT NULL,
  meta JSON
);
INSERT INTO article (title, meta) VALUES
  ('One', '{"author": 1, "tags": ["a"], "words": 300}'),
  ('Two', NULL);
CREATE TABLE parcel (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  items JSON NOT NULL
);
INSERT INTO parcel (items) VALUES ('[{"article": 1, "count": 3}]')
