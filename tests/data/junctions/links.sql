CREATE TABLE link (
  id INTEGER NOT NULL PRIMARY KEY,
  person_ref VARCHAR(10),
  tag_code VARCHAR(10)
);
CREATE INDEX link_person ON link (person_ref);
CREATE INDEX link_tag ON link (tag_code);
INSERT INTO link (id, person_ref, tag_code) VALUES
  (1, '1', 'red'), (2, '1', 'blue'), (3, '01', 'green'), (4, '1', 'RED'), (5, '2', 'red'), (6, '2', 'red'), (7, NULL, 'red'), (8, '3', NULL), (9, '1', 'green'), (10, '3', 'gone'), (11, '2', ''), (12, 'x', 'blue');
