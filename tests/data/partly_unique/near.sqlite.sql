CREATE TABLE part (
  id INTEGER NOT NULL PRIMARY KEY,
  person_id INTEGER,
  open INTEGER
);
CREATE UNIQUE INDEX part_open ON part (person_id) WHERE open = 1;
INSERT INTO part (id, person_id, open) VALUES (1, 1, 1), (2, 1, 0), (3, 1, 0), (4, 2, 1);
CREATE TABLE named (
  id INTEGER NOT NULL PRIMARY KEY,
  person_code VARCHAR(20)
);
CREATE UNIQUE INDEX named_code ON named (substr(person_code, 1, 2) || id);
INSERT INTO named (id, person_code) VALUES (1, 'abcd'), (2, 'abcd');
CREATE TABLE pair (
  person_id INTEGER NOT NULL,
  nr INTEGER NOT NULL,
  other INTEGER,
  PRIMARY KEY (person_id, nr),
  UNIQUE (nr, person_id)
);
CREATE UNIQUE INDEX pair_other ON pair (person_id, other);
INSERT INTO pair (person_id, nr, other) VALUES (1, 1, 1), (1, 2, 2);
