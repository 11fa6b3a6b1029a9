CREATE EXTENSION citext;
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE plain (
  code VARCHAR(20) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO plain (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE folding (
  code CITEXT NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO folding (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE narrow (
  code VARCHAR(20) COLLATE loose NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO narrow (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE padded (
  code CHAR(10) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO padded (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE strict (
  code TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO strict (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
