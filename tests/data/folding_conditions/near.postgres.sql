CREATE EXTENSION citext;
CREATE TABLE folded (
  id INTEGER NOT NULL PRIMARY KEY,
  post_id INTEGER,
  kind CITEXT
);
CREATE INDEX folded_post ON folded (post_id);
INSERT INTO folded (id, post_id, kind) VALUES (1, 1, 'post'), (2, 1, 'POST'), (3, 1, 'Post'), (4, 1, 'page'), (5, 1, NULL);
CREATE TABLE padded (
  id INTEGER NOT NULL PRIMARY KEY,
  post_id INTEGER,
  kind CHAR(10)
);
CREATE INDEX padded_post ON padded (post_id);
INSERT INTO padded (id, post_id, kind) VALUES (1, 1, 'post'), (2, 1, 'page');
