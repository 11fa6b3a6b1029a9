CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  u UUID,
  c CHAR(36),
  v VARCHAR(40),
  b BYTEA
);
CREATE INDEX ref_u ON ref (u);
CREATE INDEX ref_c ON ref (c);
CREATE INDEX ref_v ON ref (v);
CREATE INDEX ref_b ON ref (b);
INSERT INTO ref (id, u, c, v, b) VALUES
  (1, '0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950e', '\x0f8fad5bd9cb469fa16570867728950e'), (2, '7c9e6679-7425-40de-944b-e07fc1f90ae7', '7c9e6679-7425-40de-944b-e07fc1f90ae7', '7c9e6679-7425-40de-944b-e07fc1f90ae7', '\x7c9e6679742540de944be07fc1f90ae7'), (3, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\xa0eebc999c0b4ef8bb6d6bb9bd380a11'),
  (4, NULL, NULL, NULL, NULL), (5, NULL, '0F8FAD5B-D9CB-469F-A165-70867728950E', '0F8FAD5B-D9CB-469F-A165-70867728950E', NULL), (6, NULL, NULL, '7c9e6679742540de944be07fc1f90ae7', NULL), (7, NULL, NULL, 'not a uuid', NULL),
  (8, NULL, NULL, '', NULL), (9, NULL, NULL, '0f8fad5b-d9cb-469f-a165-70867728950', NULL), (10, NULL, NULL, '{7c9e6679-7425-40de-944b-e07fc1f90ae7}', NULL);
CREATE TABLE short_ref (
  id INTEGER NOT NULL PRIMARY KEY,
  c CHAR(36)
);
CREATE INDEX short_ref_c ON short_ref (c);
INSERT INTO short_ref (id, c) VALUES (1, '7c9e6679742540de944be07fc1f90ae7'), (2, 'not a uuid'), (3, '');
