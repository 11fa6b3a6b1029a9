CREATE TABLE word (
  id VARCHAR(20) NOT NULL PRIMARY KEY
);
INSERT INTO word (id) VALUES ('sad'), ('it''s fine'), ('glad');
