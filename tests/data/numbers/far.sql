CREATE TABLE int_row (
  id INTEGER NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO int_row (id, label) VALUES (0, 'zero'), (5, 'five'), (-5, 'minus five'), (2147483647, 'int max');
CREATE TABLE big_row (
  id BIGINT NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO big_row (id, label) VALUES
  (0, 'zero'), (5, 'five'), (9007199254740992, 'two to 53'), (9007199254740993, 'two to 53 and 1'),
  (9223372036854775806, 'max less 1'), (9223372036854775807, 'max'), (-9223372036854775807, 'min and 1');
CREATE TABLE text_row (
  id VARCHAR(60) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO text_row (id, label) VALUES
  ('', 'empty'), ('0', 'zero'), ('5', 'five'), ('05', 'padded'), (' 5', 'blank'), ('5e0', 'exponent'), ('5.0', 'point'),
  ('-5', 'minus five'), ('9223372036854775807', 'max'), ('18446744073709551616', 'two to 64');
