CREATE TABLE tagged (
  id INTEGER NOT NULL PRIMARY KEY,
  tags JSON
);
INSERT INTO tagged VALUES
  (1, '["red", "blue"]'),
  (2, '["red", "red", "green"]'),
  (3, '[]'),
  (4, NULL),
  (5, 'null'),
  (6, '"red"'),
  (7, '{"red": "blue"}'),
  (8, '["red", null, 5, true, {"x": "red"}, ["blue"], 5.0]'),
  (9, '5'),
  (10, '["RED", " red", "red "]'),
  (11, '["gone"]'),
  (12, '["a\"b", "back\\slash", "😀", "O''Neil", "", "x,y", "\u0041"]'),
  (13, '["red", "blue", "red"]');
CREATE TABLE loose_tagged (
  id INTEGER NOT NULL PRIMARY KEY,
  tags TEXT
);
INSERT INTO loose_tagged VALUES
  (1, '["red", "blue"]'),
  (2, '["red", "red", "green"]'),
  (3, '[]'),
  (4, NULL),
  (5, 'null'),
  (6, '"red"'),
  (7, '{"red": "blue"}'),
  (8, '["red", null, 5, true, {"x": "red"}, ["blue"], 5.0]'),
  (9, '5'),
  (10, '["RED", " red", "red "]'),
  (11, '["gone"]'),
  (12, '["a\"b", "back\\slash", "😀", "O''Neil", "", "x,y", "\u0041"]'),
  (13, '["red", "blue", "red"]');
CREATE TABLE counted (
  id INTEGER NOT NULL PRIMARY KEY,
  nums JSON
);
INSERT INTO counted VALUES
  (1, '[1, 2]'),
  (2, '[2, 2, 1]'),
  (3, '["1", "01", " 1", "1.0", "x"]'),
  (4, '[1.0, 1.5, 2.00]'),
  (5, '[true, false]'),
  (6, '[null, {"a": 1}, [1]]'),
  (7, '[9007199254740993, 9223372036854775807, 18446744073709551616, -1]'),
  (8, NULL),
  (9, '1');
CREATE TABLE loose_counted (
  id INTEGER NOT NULL PRIMARY KEY,
  nums TEXT
);
INSERT INTO loose_counted VALUES
  (1, '[1, 2]'),
  (2, '[2, 2, 1]'),
  (3, '["1", "01", " 1", "1.0", "x"]'),
  (4, '[1.0, 1.5, 2.00]'),
  (5, '[true, false]'),
  (6, '[null, {"a": 1}, [1]]'),
  (7, '[9007199254740993, 9223372036854775807, 18446744073709551616, -1]'),
  (8, NULL),
  (9, '1');
CREATE TABLE basket (
  id INTEGER NOT NULL PRIMARY KEY,
  items JSON
);
INSERT INTO basket VALUES
  (1, '[{"product": 1, "q": 2}, {"product": 2}]'),
  (2, '[{"product": 2}, {"product": 2}, {"q": 1}]'),
  (3, '[{"product": null}, {"product": {"id": 1}}, {"product": [1]}, {"product": "1"}]'),
  (4, '{"product": 1}'),
  (5, '[1, 2, "x", null, [{"product": 1}]]'),
  (6, '[]'),
  (7, NULL),
  (8, '[{"product": 99}]');
CREATE TABLE paper (
  id INTEGER NOT NULL PRIMARY KEY,
  meta JSON
);
INSERT INTO paper VALUES
  (1, '{"author": "ann", "reviewer": "ben"}'),
  (2, '{"author": null}'),
  (3, '{}'),
  (4, NULL),
  (5, '"ann"'),
  (6, '["ann"]'),
  (7, '{"author": "gone"}'),
  (8, '{"author": ["ann"]}'),
  (9, '{"author": "ANN"}'),
  (10, '{"author": "ann"}'),
  (11, '{"author": 5}'),
  (12, 'null'),
  (13, '{"people": {"editor": "ann"}}'),
  (14, '{"team": [{"id": "ann"}, {"id": "ben"}, {"id": "ann"}]}'),
  (15, '{"people": "ann", "team": {"id": "ann"}}');
CREATE TABLE sheet (
  id INTEGER NOT NULL PRIMARY KEY,
  grid JSON
);
INSERT INTO sheet VALUES
  (1, '[["red", "blue"], ["green"], []]'),
  (2, '["red", ["blue"]]'),
  (3, '[[["red"]]]'),
  (4, '{"a": ["red"]}'),
  (5, NULL),
  (6, '[[null, "red"], null]'),
  (7, '[[{"c": "red"}]]');
CREATE TABLE nested (
  id INTEGER NOT NULL PRIMARY KEY,
  doc JSON
);
INSERT INTO nested VALUES
  (1, '[{"cells": [{"ref": "red"}, {"ref": "blue"}]}, {"cells": [{"ref": "red"}]}]'),
  (2, '[{"cells": {"ref": "red"}}, {"cells": null}, 1]'),
  (3, '{"cells": [{"ref": "red"}]}'),
  (4, '[{"cells": [{"ref": "green", "x": [1, {"y": null}]}]}]');
CREATE TABLE odd (
  id INTEGER NOT NULL PRIMARY KEY,
  doc JSON
);
INSERT INTO odd VALUES
  (1, '{"it''s": "red"}'),
  (2, '{"a.b": "red"}'),
  (3, '{"two words": "red"}'),
  (4, '{"über": "red"}'),
  (5, '{"$": "red"}'),
  (6, '{"a": {"b": "red"}, "it": "red", "two": "red"}'),
  (7, '{"[]": "red"}'),
  (8, '{"": "red"}'),
  (9, '{"*": "red"}');
