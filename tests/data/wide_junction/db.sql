CREATE TABLE contact (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(10)
);
CREATE TABLE grp (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(10)
);
CREATE TABLE member (
  id INTEGER NOT NULL PRIMARY KEY,
  since INTEGER,
  contact_id INTEGER,
  grp_id INTEGER,
  FOREIGN KEY (contact_id) REFERENCES contact (id),
  FOREIGN KEY (grp_id) REFERENCES grp (id)
);
INSERT INTO contact (id, name) VALUES (1, 'Ada');
INSERT INTO grp (id, name) VALUES (5, 'Five');
INSERT INTO member (id, since, contact_id, grp_id) VALUES (1, 2000, 1, 5);
