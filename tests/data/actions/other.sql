CREATE TABLE review (id INTEGER NOT NULL PRIMARY KEY, book_id INTEGER);
CREATE INDEX review_book ON review (book_id);
INSERT INTO review (id, book_id) VALUES (1, 12);
CREATE TABLE fan (id INTEGER NOT NULL PRIMARY KEY, author_id INTEGER);
CREATE INDEX fan_author ON fan (author_id);
INSERT INTO fan (id, author_id) VALUES (1, 4);
