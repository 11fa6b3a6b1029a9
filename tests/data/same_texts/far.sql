CREATE TABLE contact (email VARCHAR(20) NOT NULL PRIMARY KEY, part INTEGER NOT NULL, country VARCHAR(2), UNIQUE (part, email));
INSERT INTO contact VALUES ('ann', 1, 'DE'), ('zed', 1, 'FR');
