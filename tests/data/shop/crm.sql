CREATE TABLE contact (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(40) NOT NULL,
  email VARCHAR(80) NOT NULL UNIQUE,
  country VARCHAR(2)
);
INSERT INTO contact (id, name, email, country) VALUES
  (1, 'Ada', 'ada@example.org', 'GB'), (2, 'Bo', 'bo@example.org', 'SE'), (3, 'Cy', 'cy@example.org', NULL);
CREATE TABLE club (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(40) NOT NULL,
  parent_id INTEGER
);
CREATE INDEX club_parent ON club (parent_id);
INSERT INTO club (id, name, parent_id) VALUES (1, 'World', NULL), (2, 'Europe', 1), (3, 'Nordic', 2), (4, 'Self', 4);
