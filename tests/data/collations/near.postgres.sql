CREATE EXTENSION citext;
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  plain VARCHAR(20),
  folding CITEXT,
  narrow VARCHAR(20) COLLATE loose,
  padded CHAR(10),
  strict TEXT COLLATE "C"
);
CREATE INDEX ref_plain ON ref (plain);
CREATE INDEX ref_folding ON ref (folding);
CREATE INDEX ref_narrow ON ref (narrow);
CREATE INDEX ref_padded ON ref (padded);
CREATE INDEX ref_strict ON ref (strict);
INSERT INTO ref (id, plain, folding, narrow, padded, strict) VALUES
  (1, 'Ada', 'Ada', 'Ada', 'Ada', 'Ada'), (2, 'ada', 'ada', 'ada', 'ada', 'ada'), (3, 'ADA', 'ADA', 'ADA', 'ADA', 'ADA'),
  (4, 'Ada ', 'Ada ', 'Ada ', NULL, 'Ada '), (5, ' Ada', ' Ada', ' Ada', ' Ada', ' Ada'), (6, 'Ädä', 'Ädä', 'Ädä', 'Ädä', 'Ädä'),
  (7, 'Ärger', 'Ärger', 'Ärger', 'Ärger', 'Ärger'), (8, 'ärger', 'ärger', 'ärger', 'ärger', 'ärger'),
  (9, 'Arger', 'Arger', 'Arger', 'Arger', 'Arger'), (10, 'é', 'é', 'é', 'é', 'é'), (11, 'e', 'e', 'e', 'e', 'e'),
  (12, 'é', 'é', NULL, 'é', 'é'), (13, '', '', '', '', ''), (14, ' ', ' ', ' ', NULL, ' '), (15, NULL, NULL, NULL, NULL, NULL),
  (16, '😀', '😀', NULL, '😀', '😀'), (17, '?', '?', '?', '?', '?'), (18, 'ÄRGER', 'ÄRGER', 'ÄRGER', 'ÄRGER', 'ÄRGER');
