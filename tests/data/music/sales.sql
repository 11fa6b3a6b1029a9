CREATE TABLE invoice (
  id INTEGER NOT NULL PRIMARY KEY,
  customer_id INTEGER
);
CREATE INDEX invoice_customer ON invoice (customer_id);
INSERT INTO invoice (id, customer_id) VALUES
  (10, 1), (11, 1), (12, 2), (13, 3), (14, 4), (15, 5), (16, NULL), (17, 99), (18, 6);
CREATE TABLE invoice_line (
  id INTEGER NOT NULL PRIMARY KEY,
  invoice_id INTEGER NOT NULL,
  track_id INTEGER
);
CREATE INDEX invoice_line_invoice ON invoice_line (invoice_id);
CREATE INDEX invoice_line_track ON invoice_line (track_id);
INSERT INTO invoice_line (id, invoice_id, track_id) VALUES
  (100, 10, 2), (101, 10, 1), (102, 10, 3), (103, 11, 4), (104, 12, 1), (105, 12, 4), (106, 12, 7),
  (107, 13, 5), (108, 13, 3), (109, 14, 6), (110, 15, 98), (111, 15, NULL), (112, 16, 2), (113, 17, 3);
