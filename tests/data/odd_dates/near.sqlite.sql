CREATE TABLE ref (
  id INTEGER NOT NULL PRIMARY KEY,
  day DATE,
  at DATETIME
);
INSERT INTO ref (id, day, at) VALUES
  (1, '2024-02-29', '2024-02-29 01:02:03'), (2, '2024-02-30', '2024-02-30 01:02:03'), (3, 'tomorrow', 'tomorrow'), (4, '', ''), (5, '2024-2-9', '2024-02-29 25:00:00'), (6, 'infinity', 'now'), (7, '29.2.2024', '2024-02-29');
