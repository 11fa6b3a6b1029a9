CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  person_id INTEGER,
  nick VARCHAR(10)
);
CREATE INDEX ref_person ON ref (person_id);
CREATE INDEX ref_nick ON ref (nick);
INSERT INTO ref (id, person_id, nick) VALUES (1, 1, 'ada'), (2, 2, 'bo'), (3, 3, 'none'), (4, 1, NULL), (5, NULL, 'cy');
CREATE VIEW big_ref AS SELECT id, person_id FROM ref WHERE id > 1;
