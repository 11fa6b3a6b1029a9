CREATE TABLE plain (
  code VARCHAR(20) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO plain (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE folding (
  code VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO folding (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE narrow (
  code VARCHAR(20) CHARACTER SET latin1 NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO narrow (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE padded (
  code CHAR(10) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO padded (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE strict (
  code VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO strict (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
