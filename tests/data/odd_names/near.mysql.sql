CREATE TABLE `Order Details` (
  `id` INTEGER NOT NULL PRIMARY KEY,
  `Group` VARCHAR(10),
  `select` INTEGER,
  `Unit Price` INTEGER,
  `a.b` INTEGER,
  `what?` INTEGER,
  `Größe` INTEGER,
  `it's "x"` INTEGER
);
INSERT INTO `Order Details` VALUES (1, 'A', 1, 30, 7, 7, 5, 1), (2, 'a', 2, 10, 8, 7, 5, 2), (3, 'A', 2, 20, NULL, 8, 5, 3);
