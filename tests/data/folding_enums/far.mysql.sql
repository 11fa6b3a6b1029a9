CREATE TABLE state (
  code ENUM('open', 'shut') NOT NULL PRIMARY KEY
);
INSERT INTO state (code) VALUES ('open'), ('shut');
CREATE TABLE word (
  code VARCHAR(10) NOT NULL PRIMARY KEY
);
INSERT INTO word (code) VALUES ('open'), ('SHUT');
