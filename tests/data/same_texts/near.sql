CREATE TABLE account (id INTEGER NOT NULL PRIMARY KEY, part INTEGER, username VARCHAR(20));
INSERT INTO account VALUES (1, 1, 'ann'), (2, 1, 'ANN'), (3, 1, 'zed'), (4, 1, 'ann '), (5, 1, NULL), (6, 2, 'Ann'), (7, NULL, 'zed');
