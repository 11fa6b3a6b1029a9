CREATE TABLE track (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(20) NOT NULL,
  genre_id INTEGER
);
CREATE INDEX track_genre ON track (genre_id);
INSERT INTO track (id, name, genre_id) VALUES
  (1, 'Airbag', 1), (2, 'So What', 2), (3, 'Naima', 2), (4, 'Crossroads', 3), (5, 'Untitled', NULL), (6, 'Lost', 97),
  (7, 'Mas Que Nada', 4);
