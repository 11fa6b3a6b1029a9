CREATE TYPE state AS ENUM ('open', 'shut', 'it''s');
CREATE TYPE subject AS ENUM ('post', 'user');
CREATE TABLE comment (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_type VARCHAR(10),
  subject_id INTEGER
);
CREATE INDEX comment_subject ON comment (subject_id);
INSERT INTO comment (id, subject_type, subject_id) VALUES
  (1, 'post', 1), (2, 'user', 1), (3, 'post', 2), (4, NULL, 1), (5, 'page', 1), (6, 'post', NULL), (7, 'post', 99), (8, 'user', 2), (9, 'post', 1);
CREATE TABLE vote (
  id INTEGER NOT NULL PRIMARY KEY,
  kind subject,
  up BOOLEAN,
  subject_id INTEGER
);
CREATE INDEX vote_subject ON vote (subject_id);
INSERT INTO vote (id, kind, up, subject_id) VALUES
  (1, 'post', TRUE, 1), (2, 'post', FALSE, 1), (3, 'user', TRUE, 1), (4, 'post', NULL, 1), (5, NULL, TRUE, 1), (6, 'post', TRUE, 1);
CREATE TABLE ticket (
  id INTEGER NOT NULL PRIMARY KEY,
  state state,
  level VARCHAR(10)
);
CREATE INDEX ticket_state ON ticket (state);
CREATE INDEX ticket_level ON ticket (level);
INSERT INTO ticket (id, state, level) VALUES
  (1, 'open', 'low'), (2, 'it''s', 'a,b'), (3, NULL, NULL), (4, 'open', 'medium'), (5, 'shut', ''), (6, 'shut', 'high');
CREATE TABLE visit (
  id INTEGER NOT NULL PRIMARY KEY,
  day DATE
);
CREATE INDEX visit_day ON visit (day);
INSERT INTO visit (id, day) VALUES (1, '2024-02-29'), (2, '1600-03-01'), (3, '9999-12-31'), (4, '2024-03-01'), (5, NULL), (6, '2024-02-29');
CREATE TABLE tick (
  id INTEGER NOT NULL PRIMARY KEY,
  at TIMESTAMP(6)
);
CREATE INDEX tick_at ON tick (at);
INSERT INTO tick (id, at) VALUES
  (1, '2024-02-29 12:30:45'), (2, '2024-02-29 12:30:45.5'), (3, '2024-02-29 12:30:45.123'), (4, '2024-02-29 12:30:45.123456'), (5, '1969-12-31 23:59:59.999'), (6, '2024-02-29 00:00:00'), (7, NULL);
CREATE TABLE part (
  id INTEGER NOT NULL PRIMARY KEY,
  hash BYTEA
);
CREATE INDEX part_hash ON part (hash);
INSERT INTO part (id, hash) VALUES
  (1, '\x00'), (2, '\x'), (3, '\xFF00FE'), (4, '\x27225C'), (5, '\x616263'), (6, '\x414243'), (7, NULL), (8, '\x6162630A'), (9, '\x61626300');
CREATE TABLE flag (
  id INTEGER NOT NULL PRIMARY KEY,
  b BOOLEAN,
  n INTEGER
);
CREATE INDEX flag_b ON flag (b);
CREATE INDEX flag_n ON flag (n);
INSERT INTO flag (id, b, n) VALUES (1, TRUE, 1), (2, FALSE, 0), (3, NULL, NULL), (4, TRUE, 2), (5, FALSE, -1);
