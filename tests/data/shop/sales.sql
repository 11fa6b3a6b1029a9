CREATE TABLE customer (
  id INTEGER NOT NULL PRIMARY KEY,
  username VARCHAR(80),
  plan VARCHAR(10)
);
CREATE INDEX customer_username ON customer (username);
INSERT INTO customer (id, username, plan) VALUES
  (10, 'ada@example.org', 'pro'), (11, 'ada@example.org', 'free'), (12, 'bo@example.org', 'pro'),
  (13, NULL, 'free'), (14, 'gone@example.org', 'pro');
CREATE TABLE payment (
  id INTEGER NOT NULL PRIMARY KEY,
  customer_id INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  FOREIGN KEY (customer_id) REFERENCES customer (id)
);
CREATE INDEX payment_customer ON payment (customer_id);
INSERT INTO payment (id, customer_id, amount) VALUES
  (100, 10, 5), (101, 10, 7), (102, 11, 3), (103, 12, 9), (104, 12, 1), (105, 12, 4);
