CREATE TABLE membership (
  id INTEGER NOT NULL PRIMARY KEY,
  contact_id INTEGER NOT NULL,
  club_id INTEGER NOT NULL
);
CREATE INDEX membership_contact ON membership (contact_id);
CREATE INDEX membership_club ON membership (club_id);
INSERT INTO membership (id, contact_id, club_id) VALUES (1, 1, 2), (2, 1, 3), (3, 2, 3), (4, 2, 3), (5, 2, 99), (6, 1, 1);
