-- The rows of benches/end_to_end/data.rs in one PostgreSQL database, with the keys that PostGraphile finds its relations by.
CREATE TABLE contact (id int PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, email varchar(60) NOT NULL UNIQUE,
  country text, city text);
INSERT INTO contact SELECT i, 'First' || i % 977, 'Lastname' || i % 7919, 'person' || i || '@mail' || i % 50 || '.example.org',
  (ARRAY['DE', 'FR', 'GB', 'IT', 'SE'])[1 + i % 5], 'City number ' || i % 1000 FROM generate_series(1, 100000) i;

CREATE TABLE customer (id int PRIMARY KEY, username varchar(60), plan varchar(10), amount int, note varchar(80));
INSERT INTO customer SELECT i, 'person' || n || '@mail' || n % 50 || '.example.org', (ARRAY['free', 'pro', 'team'])[1 + i % 3],
  i % 1000, 'A short note about customer ' || i
  FROM generate_series(1, 500000) i, LATERAL (SELECT 1 + i::bigint * 7919 % 100000 AS n) person;
CREATE INDEX ON customer (username);
ALTER TABLE customer ADD FOREIGN KEY (username) REFERENCES contact (email);

CREATE TABLE payment (id int PRIMARY KEY, customer_id int NOT NULL, amount int NOT NULL, method varchar(10) NOT NULL);
INSERT INTO payment SELECT i, 1 + i::bigint * 4999 % 500000, i % 900, (ARRAY['card', 'debit', 'cash'])[1 + i % 3]
  FROM generate_series(1, 500000) i;
CREATE INDEX ON payment (customer_id);
ALTER TABLE payment ADD FOREIGN KEY (customer_id) REFERENCES customer (id);

ANALYZE contact, customer, payment;
