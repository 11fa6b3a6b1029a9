CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  c VARCHAR(40),
  key_text VARCHAR(36) NOT NULL UNIQUE
);
CREATE INDEX ref_c ON ref (c);
INSERT INTO ref (id, c, key_text) VALUES
  (1, '0f8fad5b-d9cb-469f-a165-70867728950e', '0f8fad5b-d9cb-469f-a165-70867728950e'), (2, '7C9E6679-7425-40DE-944B-E07FC1F90AE7', '7c9e6679-7425-40de-944b-e07fc1f90ae7'), (3, '{0f8fad5b-d9cb-469f-a165-70867728950e}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (4, NULL, 'no uuid at all'), (5, 'no uuid', '');
