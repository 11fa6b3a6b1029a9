CREATE DOMAIN whole AS INTEGER CHECK (VALUE >= 0);
CREATE DOMAIN small AS whole CHECK (VALUE < 100);
CREATE DOMAIN document AS JSONB;
CREATE DOMAIN plain AS document;
CREATE DOMAIN raw AS BYTEA;
CREATE DOMAIN rawer AS raw;
CREATE DOMAIN price AS NUMERIC(10, 2);
CREATE DOMAIN offer AS price;
CREATE TYPE "My Mood" AS ENUM ('sad', 'it''s fine');
CREATE DOMAIN mood AS "My Mood";
CREATE TABLE item (
  id small NOT NULL PRIMARY KEY,
  body plain,
  data rawer,
  cost offer,
  mood mood
);
INSERT INTO item VALUES (1, '{"a": 1}', '\x00ff', 12.35, 'sad'), (2, NULL, NULL, NULL, 'it''s fine');
