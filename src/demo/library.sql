-- Books, where they stand, and who wrote them.
-- book.library holds an id and book_copy.library_name a unique name of library: both are keys that this schema
-- never declared. The others are ordinary foreign keys.

create table library (
  id   text not null primary key,
  name text not null unique,
  city text not null,
  book text -- of the month
);

create table author (
  id   integer primary key,
  name text not null
);

-- A book that comes without an id is given one.
create table book (
  id        text not null primary key default (lower(hex(randomblob(8)))),
  title     text not null,
  author    text,
  author_id integer references author (id),
  pages     integer check (pages > 0),
  lang      text,
  in_print  boolean not null default true,
  library   text
);
create index book_author_id on book (author_id);
create index book_library on book (library);
create index library_book on library (book);

create table book_copy (
  id           integer primary key,
  book         text not null references book (id),
  library_name text,
  shelf_mark   text,
  on_loan      boolean not null default false
);
create index book_copy_book on book_copy (book);
create index book_copy_library_name on book_copy (library_name);

create table shelf (
  id   integer primary key,
  name text not null
);

create table book_shelf (
  id       integer primary key,
  book_id  text not null references book (id) on delete cascade,
  shelf_id integer not null references shelf (id) on delete cascade,
  unique (book_id, shelf_id)
);
create index book_shelf_shelf_id on book_shelf (shelf_id);

insert into library (id, name, city, book) values
  ('lib-1', 'Alder Street Library', 'Bristol', '2'),
  ('lib-2', 'Biblioteca da Ribeira', 'Porto', null),
  ('lib-3', 'Stadtbücherei Nord', 'Hamburg', '1'),
  ('lib-4', 'Biblioteca del Mar', 'Valencia', '3'),
  ('lib-5', 'St. John''s Reading Room', 'Cork', '6'),
  ('lib-6', 'Médiathèque des Quais', 'Nantes', null);

insert into author (id, name) values
  (1, 'Frank Herbert'),
  (2, 'Jane Austen'),
  (3, 'Miguel de Unamuno'),
  (4, 'Herman Melville'),
  (5, 'Nora O''Dea'),
  (6, 'Miguel de Cervantes'),
  (7, 'Mary Shelley'),
  (8, 'Bram Stoker'),
  (9, 'Gustave Flaubert'),
  (10, 'Émile Zola'),
  (11, 'Franz Kafka'),
  (12, 'Thomas Mann'),
  (13, 'José Maria de Eça de Queirós'),
  (14, 'Joaquim Machado de Assis'),
  (15, 'Leopoldo Alas'),
  (16, 'Benito Pérez Galdós'),
  (17, 'Charlotte Brontë'),
  (18, 'Emily Brontë'),
  (19, 'Robert Louis Stevenson'),
  (20, 'H. G. Wells'),
  (21, 'Natsume Sōseki'),
  (22, 'Adam Mickiewicz'),
  (23, 'Alessandro Manzoni'),
  (24, 'Knut Hamsun'),
  (25, 'Selma Lagerlöf');

insert into book (id, title, author, author_id, pages, lang, in_print, library) values
  ('1', 'Dune', 'Herbert', 1, 412, 'en', true, 'lib-1'),
  ('2', 'Emma', 'Austen', 2, 320, 'en', true, 'lib-1'),
  ('3', 'Niebla', 'Unamuno', 3, 256, 'es', false, 'lib-4'),
  ('4', 'Bartleby, the Scrivener', 'Melville', 4, null, 'en', true, 'lib-5'),
  ('5', 'Salt AND Pepper', 'O''Dea', 5, 90, 'es', false, 'lib-4'),
  ('6', 'Pride and Prejudice', 'Austen', 2, 432, 'en', true, 'lib-5'),
  ('7', 'Persuasion', 'Austen', 2, 249, 'en', true, 'lib-1'),
  ('8', 'Moby-Dick', 'Melville', 4, 635, 'en', true, 'lib-1'),
  ('9', 'Don Quijote de la Mancha', 'Cervantes', 6, 1072, 'es', true, 'lib-4'),
  ('10', 'Frankenstein', 'Shelley', 7, 280, 'en', true, 'lib-5'),
  ('11', 'Dracula', 'Stoker', 8, 418, 'en', true, 'lib-5'),
  ('12', 'Madame Bovary', 'Flaubert', 9, 374, 'fr', true, 'lib-6'),
  ('13', 'Germinal', 'Zola', 10, 591, 'fr', true, 'lib-6'),
  ('14', 'Der Process', 'Kafka', 11, 271, 'de', true, 'lib-3'),
  ('15', 'Die Verwandlung', 'Kafka', 11, 98, 'de', true, 'lib-3'),
  ('16', 'Buddenbrooks', 'Mann', 12, 759, 'de', true, 'lib-3'),
  ('17', 'Os Maias', 'Eça de Queirós', 13, 616, 'pt', true, 'lib-2'),
  ('18', 'Dom Casmurro', 'Machado de Assis', 14, 258, 'pt', true, 'lib-2'),
  ('19', 'La Regenta', 'Alas', 15, 744, 'es', true, 'lib-4'),
  ('20', 'Marianela', 'Galdós', 16, 220, 'es', false, 'lib-4'),
  ('21', 'Jane Eyre', 'Brontë', 17, 507, 'en', true, 'lib-1'),
  ('22', 'Wuthering Heights', 'Brontë', 18, 342, 'en', true, 'lib-5'),
  ('23', 'Treasure Island', 'Stevenson', 19, 292, 'en', true, 'lib-1'),
  ('24', 'Kidnapped', 'Stevenson', 19, 304, 'en', false, 'lib-5'),
  ('25', 'The Time Machine', 'Wells', 20, 118, 'en', true, 'lib-1'),
  ('26', 'The War of the Worlds', 'Wells', 20, 192, 'en', true, 'lib-3'),
  ('27', 'Kokoro', 'Sōseki', 21, 248, 'ja', true, 'lib-2'),
  ('28', 'Pan Tadeusz', 'Mickiewicz', 22, 384, 'pl', false, 'lib-3'),
  ('29', 'I promessi sposi', 'Manzoni', 23, 720, 'it', true, 'lib-2'),
  ('30', 'Sult', 'Hamsun', 24, 232, 'no', false, null);

insert into book_copy (id, book, library_name, shelf_mark, on_loan) values
  (1, '1', 'Alder Street Library', 'HER 11', false),
  (2, '1', 'Stadtbücherei Nord', 'HER 12', true),
  (3, '1', 'St. John''s Reading Room', 'HER 13', false),
  (4, '2', 'Alder Street Library', 'AUS 14', false),
  (5, '2', 'Biblioteca da Ribeira', 'AUS 15', false),
  (6, '3', 'Biblioteca del Mar', 'UNA 16', true),
  (7, '4', 'St. John''s Reading Room', 'MEL 17', false),
  (8, '4', 'Médiathèque des Quais', 'MEL 18', false),
  (9, '5', 'Biblioteca del Mar', 'O''D 19', false),
  (10, '6', 'St. John''s Reading Room', 'AUS 20', true),
  (11, '7', 'Alder Street Library', 'AUS 21', false),
  (12, '7', 'Stadtbücherei Nord', 'AUS 22', false),
  (13, '8', 'Alder Street Library', 'MEL 23', false),
  (14, '9', 'Biblioteca del Mar', 'CER 24', true),
  (15, '9', 'Médiathèque des Quais', 'CER 25', false),
  (16, '10', 'St. John''s Reading Room', 'SHE 26', false),
  (17, '10', 'Médiathèque des Quais', 'SHE 27', false),
  (18, '11', 'St. John''s Reading Room', 'STO 28', true),
  (19, '12', 'Médiathèque des Quais', 'FLA 29', false),
  (20, '13', 'Médiathèque des Quais', 'ZOL 30', false),
  (21, '13', 'Biblioteca da Ribeira', 'ZOL 31', false),
  (22, '14', 'Stadtbücherei Nord', 'KAF 32', true),
  (23, '15', 'Stadtbücherei Nord', 'KAF 33', false),
  (24, '16', 'Stadtbücherei Nord', 'MAN 34', false),
  (25, '16', 'Biblioteca del Mar', 'MAN 35', false),
  (26, '17', 'Biblioteca da Ribeira', 'EÇA 36', true),
  (27, '18', 'Biblioteca da Ribeira', 'MAC 37', false),
  (28, '19', 'Biblioteca del Mar', 'ALA 38', false),
  (29, '19', 'Médiathèque des Quais', 'ALA 39', false),
  (30, '20', null, 'GAL 40', true),
  (31, '21', 'Alder Street Library', 'BRO 41', false),
  (32, '22', 'St. John''s Reading Room', 'BRO 42', false),
  (33, '22', 'Médiathèque des Quais', 'BRO 43', false),
  (34, '23', 'Alder Street Library', 'STE 44', true),
  (35, '24', 'St. John''s Reading Room', 'STE 45', false),
  (36, '25', 'Alder Street Library', 'WEL 46', false),
  (37, '25', 'Stadtbücherei Nord', 'WEL 47', false),
  (38, '26', 'Stadtbücherei Nord', 'WEL 48', true),
  (39, '27', 'Biblioteca da Ribeira', 'SŌS 49', false),
  (40, '28', 'Stadtbücherei Nord', 'MIC 50', false),
  (41, '28', 'Biblioteca del Mar', 'MIC 51', false),
  (42, '29', 'Biblioteca da Ribeira', 'MAN 52', true);

insert into shelf (id, name) values
  (1, 'Classics'),
  (2, 'Fiction'),
  (3, 'Adventure'),
  (4, 'Science fiction'),
  (5, 'Gothic'),
  (6, 'Staff picks'),
  (7, 'Reference');

insert into book_shelf (id, book_id, shelf_id) values
  (1, '1', 4),
  (2, '1', 2),
  (3, '1', 6),
  (4, '2', 1),
  (5, '2', 2),
  (6, '3', 2),
  (7, '4', 1),
  (8, '4', 2),
  (9, '4', 6),
  (10, '6', 1),
  (11, '6', 2),
  (12, '7', 1),
  (13, '7', 2),
  (14, '8', 1),
  (15, '8', 3),
  (16, '9', 1),
  (17, '9', 2),
  (18, '9', 3),
  (19, '10', 5),
  (20, '10', 4),
  (21, '11', 5),
  (22, '11', 6),
  (23, '12', 1),
  (24, '12', 2),
  (25, '13', 1),
  (26, '13', 2),
  (27, '14', 1),
  (28, '14', 2),
  (29, '15', 1),
  (30, '15', 2),
  (31, '15', 6),
  (32, '16', 1),
  (33, '17', 1),
  (34, '17', 2),
  (35, '18', 1),
  (36, '19', 1),
  (37, '20', 2),
  (38, '21', 1),
  (39, '21', 5),
  (40, '22', 1),
  (41, '22', 5),
  (42, '23', 3),
  (43, '23', 2),
  (44, '24', 3),
  (45, '25', 4),
  (46, '26', 4),
  (47, '26', 2),
  (48, '27', 2),
  (49, '28', 1),
  (50, '29', 1),
  (51, '29', 2);
