CREATE TABLE epoch (
  id TIMESTAMP(3) NOT NULL PRIMARY KEY,
  label VARCHAR(10) NOT NULL
);
INSERT INTO epoch (id, label) VALUES ('2024-02-29 12:30:45', 'whole'), ('2024-02-29 12:30:45.5', 'half'), ('2024-02-29 12:30:45.123', 'cut'), ('1970-01-02 00:00:00', 'early'), ('2038-01-01 00:00:00.001', 'late');
