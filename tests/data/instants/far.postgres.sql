CREATE TABLE epoch (
  id TIMESTAMPTZ(3) NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO epoch (id, label) VALUES ('2024-02-29 12:30:45+00', 'whole'), ('2024-02-29 12:30:45.5+00', 'half'), ('2024-02-29 12:30:45.123+00', 'cut'), ('1970-01-02 00:00:00+00', 'early'), ('2038-01-01 00:00:00.001+00', 'late');
