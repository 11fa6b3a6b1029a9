CREATE TABLE tenth (
  id NUMERIC(10, 1) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO tenth (id, label) VALUES (0.0, 'zero'), (5.0, 'five'), (5.5, 'five and a half'), (-5.0, 'minus five'), (0.5, 'half');
CREATE TABLE whole (
  id NUMERIC(10, 0) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO whole (id, label) VALUES (0, 'zero'), (5, 'five'), (-5, 'minus five'), (9999999999, 'ten nines');
CREATE TABLE long_row (
  id NUMERIC(38, 18) NOT NULL PRIMARY KEY,
  label VARCHAR(20) NOT NULL
);
INSERT INTO long_row (id, label) VALUES
  (12345678901234567890.123456789012345678, 'all digits'), (12345678901234567890.123456789012345679, 'one more'),
  (5, 'five'), (0.000000000000000001, 'least');
