CREATE TABLE plain (
  label VARCHAR(20) NOT NULL,
  code VARCHAR(20) NOT NULL PRIMARY KEY
);
INSERT INTO plain (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE folding (
  label VARCHAR(20) NOT NULL,
  code VARCHAR(20) COLLATE NOCASE NOT NULL PRIMARY KEY
);
INSERT INTO folding (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE narrow (
  label VARCHAR(20) NOT NULL,
  code VARCHAR(20) COLLATE RTRIM NOT NULL PRIMARY KEY
);
INSERT INTO narrow (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE padded (
  label VARCHAR(20) NOT NULL,
  code CHAR(10) NOT NULL PRIMARY KEY
);
INSERT INTO padded (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
CREATE TABLE strict (
  label VARCHAR(20) NOT NULL,
  code VARCHAR(20) COLLATE BINARY NOT NULL PRIMARY KEY
);
INSERT INTO strict (code, label) VALUES ('Ada', 'ada'), ('Ärger', 'arger'), ('é', 'acute'), ('?', 'question'), ('', 'empty');
