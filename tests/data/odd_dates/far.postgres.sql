CREATE TABLE day (
  id DATE NOT NULL PRIMARY KEY
);
INSERT INTO day (id) VALUES ('2024-02-29'), ('infinity'), ('-infinity'), ('0044-03-15 BC'), ('20000-01-01'), ('2024-02-09');
CREATE TABLE moment (
  id TIMESTAMP NOT NULL PRIMARY KEY
);
INSERT INTO moment (id) VALUES ('2024-02-29 01:02:03'), ('infinity'), ('-infinity'), ('0044-03-15 12:00:00 BC'), ('20000-01-01 00:00:00'), ('2024-02-29 00:00:00');
