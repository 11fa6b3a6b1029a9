CREATE TABLE visit (
  id INTEGER NOT NULL PRIMARY KEY,
  at DATETIME
);
CREATE INDEX visit_at ON visit (at);
INSERT INTO visit (id, at) VALUES (1, '2024-02-29 00:00:00'), (2, '2024-02-29 12:00:00'), (3, '2024-03-01 00:00:00'), (4, NULL), (5, '2024-02-29 00:00:00.000001');
CREATE TABLE plan (
  id INTEGER NOT NULL PRIMARY KEY,
  day DATE
);
CREATE INDEX plan_day ON plan (day);
INSERT INTO plan (id, day) VALUES (1, '2024-02-29'), (2, '2024-03-01'), (3, NULL);
CREATE TABLE code (
  id INTEGER NOT NULL PRIMARY KEY,
  t VARCHAR(20)
);
CREATE INDEX code_t ON code (t);
INSERT INTO code (id, t) VALUES (1, '5'), (2, '05'), (3, '5.5'), (4, 'x'), (5, ''), (6, NULL), (7, '-1');
