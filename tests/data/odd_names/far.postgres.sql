CREATE TABLE "select" (
  "Key" VARCHAR(10) NOT NULL PRIMARY KEY,
  "from" VARCHAR(10)
);
INSERT INTO "select" VALUES ('A', 'where');
CREATE TABLE "weird.table" (
  id INTEGER NOT NULL PRIMARY KEY
);
INSERT INTO "weird.table" VALUES (7), (8);
CREATE TABLE "Größe" (
  "from" INTEGER NOT NULL,
  "to" INTEGER NOT NULL,
  "order" INTEGER,
  PRIMARY KEY ("from", "to")
);
INSERT INTO "Größe" VALUES (5, 1, 10), (5, 2, 20);
