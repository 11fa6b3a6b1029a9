CREATE TABLE message (
  id INTEGER NOT NULL PRIMARY KEY,
  sender_id INTEGER,
  receiver_id INTEGER,
  subject VARCHAR(40) NOT NULL,
  size INTEGER
);
CREATE INDEX message_sender ON message (sender_id);
CREATE INDEX message_receiver ON message (receiver_id);
INSERT INTO message (id, sender_id, receiver_id, subject, size) VALUES
  (10, 1, 2, 'hello', 5), (11, 2, 1, 're: hello', 7), (12, 1, 1, 'note to self', 3), (13, 3, NULL, 'draft', NULL),
  (14, NULL, 3, 'system', 9), (15, 99, 2, 'ghost', 4), (16, 1, 2, 'hello again', 8);
CREATE TABLE mailbox (
  id INTEGER NOT NULL PRIMARY KEY,
  person_id INTEGER UNIQUE,
  quota INTEGER NOT NULL
);
INSERT INTO mailbox (id, person_id, quota) VALUES (1, 1, 100), (2, 2, 5), (3, NULL, 7), (4, 99, 8), (5, NULL, 9);
