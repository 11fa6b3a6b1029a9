CREATE TABLE every (
  id SMALLINT NOT NULL PRIMARY KEY,
  u UUID,
  m ENUM('sad', 'ok', 'happy'),
  b BOOLEAN,
  d DATE,
  ts TIMESTAMP NULL,
  n DECIMAL(20, 4),
  f DOUBLE,
  by_ VARBINARY(10),
  bi BIT(3),
  se SET('a', 'b'),
  y YEAR,
  tm TIME,
  ip INET6
);
INSERT INTO every VALUES
  (1, '0f8fad5b-d9cb-469f-a165-70867728950e', 'sad', TRUE, '2024-02-29', '2024-02-29 12:30:45', 1.5, 0.5, X'00FF', b'101', 'a,b', 2024, '-01:00:00', '::1'),
  (2, '7c9e6679-7425-40de-944b-e07fc1f90ae7', 'happy', FALSE, '2023-01-01', '2023-01-01 00:00:00', 99999999999.9999, 1.5, X'01', b'011', 'b', 1999, '10:00:00', '10::2'),
  (3, NULL, 'ok', NULL, '1000-01-01', NULL, 0, NULL, NULL, NULL, '', NULL, NULL, NULL);
CREATE TABLE filled (
  id INT NOT NULL PRIMARY KEY,
  z DECIMAL(8, 2) ZEROFILL
);
INSERT INTO filled VALUES (1, 12.5);
