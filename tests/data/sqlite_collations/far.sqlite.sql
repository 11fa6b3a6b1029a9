CREATE TABLE plain_first (code TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, label TEXT);
INSERT INTO plain_first (code) VALUES ('Ada');
CREATE TABLE sized_first (
  code VARCHAR(20) COLLATE NOCASE NOT NULL PRIMARY KEY,
  label TEXT
);
INSERT INTO sized_first (code) VALUES ('Ada');
CREATE TABLE after_check (
  label TEXT,
  code TEXT NOT NULL CHECK (code NOT IN ('x', 'y')) COLLATE NOCASE UNIQUE
);
INSERT INTO after_check (code) VALUES ('Ada');
CREATE TABLE two_blanks (
  label TEXT,
  code TEXT NOT NULL COLLATE  NOCASE UNIQUE
);
INSERT INTO two_blanks (code) VALUES ('Ada');
CREATE TABLE quoted (
  label TEXT,
  code TEXT NOT NULL COLLATE "NOCASE" UNIQUE
);
INSERT INTO quoted (code) VALUES ('Ada');
CREATE TABLE next_line (
  label TEXT,
  code TEXT NOT NULL UNIQUE
    COLLATE
    NOCASE
);
INSERT INTO next_line (code) VALUES ('Ada');
CREATE TABLE rtrim_first (
  code VARCHAR(20) COLLATE RTRIM NOT NULL PRIMARY KEY,
  label TEXT
);
INSERT INTO rtrim_first (code) VALUES ('Ada');
CREATE VIEW seen AS SELECT code FROM after_check;
CREATE TABLE base_nocase (label TEXT, code TEXT COLLATE NOCASE);
INSERT INTO base_nocase (code) VALUES ('Ada');
CREATE VIEW copied AS SELECT code, label FROM base_nocase;
