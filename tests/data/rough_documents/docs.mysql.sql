CREATE TABLE text_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body TEXT
);
INSERT INTO text_doc VALUES
  (1, '["red"]'),
  (2, ''),
  (3, 'not json'),
  (4, '["red"'),
  (5, NULL),
  (6, '[red]'),
  (7, '["red"] and more'),
  (8, ' [ "red" , "blue" ] ');
CREATE TABLE nul_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO nul_doc VALUES
  (1, '["red"]'),
  (2, '["a\\u0000b", "red"]'),
  (3, '["blue"]');
CREATE TABLE surrogate_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO surrogate_doc VALUES
  (1, '["red"]'),
  (2, '["red"]');
CREATE TABLE long_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO long_doc VALUES
  (1, '["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "red"]'),
  (2, '["éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé", "blue"]'),
  (3, '["red                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "]');
CREATE TABLE number_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO number_doc VALUES
  (1, '[1e2]'),
  (2, '[100.0]'),
  (3, '[1E+2]'),
  (4, '[1000e-1]'),
  (5, '[-0]'),
  (6, '[0.0]'),
  (7, '[1e400]');
CREATE TABLE case_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO case_doc VALUES
  (1, '["RED", "Blue"]'),
  (2, '["red"]'),
  (3, '["Äpfel", "ÄPFEL", "äpfel"]');
CREATE TABLE uuid_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO uuid_doc VALUES
  (1, '{"ref": "0f8fad5b-d9cb-469f-a165-70867728950e"}'),
  (2, '{"ref": "0F8FAD5B-D9CB-469F-A165-70867728950E"}'),
  (3, '{"ref": "0f8fad5bd9cb469fa16570867728950e"}'),
  (4, '{"ref": 5}'),
  (5, '{"ref": "no"}'),
  (6, NULL);
CREATE TABLE day_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO day_doc VALUES
  (1, '{"day": "2024-02-29"}'),
  (2, '{"day": "2024-02-30"}'),
  (3, '{"day": "2024-2-29"}'),
  (4, '{"day": "tomorrow"}'),
  (5, '{"day": 20240229}'),
  (6, '{"day": null}');
CREATE TABLE keyless (
  label VARCHAR(10),
  body JSON
);
INSERT INTO keyless (label, body) VALUES ('same', '["red"]'), ('same', '["red"]'), ('other', '["red", "red"]'), ('same', '["blue"]');
CREATE TABLE mixed (
  id INTEGER NOT NULL PRIMARY KEY,
  kind VARCHAR(10),
  body JSON
);
INSERT INTO mixed (id, kind, body) VALUES (1, 'tag', '["red"]'), (2, 'day', '["red"]'), (3, NULL, '["red"]'), (4, 'tag', '["blue", "red"]');
CREATE TABLE member_doc (
  id INTEGER NOT NULL PRIMARY KEY,
  body JSON
);
INSERT INTO member_doc VALUES
  (1, '{"tags": ["red"], "n": 1e2}'),
  (2, '{"tags": ["x", "red"], "n": 5}');
