CREATE TABLE thing_u (
  id UUID NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
CREATE TABLE thing_c (
  id CHAR(36) NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
CREATE TABLE thing_b (
  id BYTEA NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO thing_u (id, label) VALUES ('0f8fad5b-d9cb-469f-a165-70867728950e', 'one'), ('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'two');
INSERT INTO thing_c (id, label) VALUES ('0f8fad5b-d9cb-469f-a165-70867728950e', 'one'), ('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'two');
INSERT INTO thing_b (id, label) VALUES ('\x0f8fad5bd9cb469fa16570867728950e', 'one'), ('\x7c9e6679742540de944be07fc1f90ae7', 'two');
