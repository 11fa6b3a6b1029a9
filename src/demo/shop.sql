-- A shop that keeps its references in columns and inside JSON, and declares none of them.
-- orders.customer is an id of billing.customer, in another database.

create table users (
  id    text not null primary key,
  name  text not null,
  email text not null unique
);

create table categories (
  id     text not null primary key,
  name   text not null,
  parent text
);
create index categories_parent on categories (parent);

create table tags (
  id   text not null primary key,
  name text not null
);

create table products (
  id       text not null primary key,
  name     text not null,
  price    decimal(10,2) not null,
  category text,
  tags     json check (tags is null or json_valid(tags))
);
create index products_category on products (category);

create table orders (
  id        integer primary key,
  customer  integer not null,
  items     json not null check (json_valid(items)),
  status    text not null default 'open',
  placed_at datetime not null default current_timestamp
);
create index orders_customer on orders (customer);

create table articles (
  id       text not null primary key,
  title    text not null,
  metadata json check (metadata is null or json_valid(metadata))
);

insert into users (id, name, email) values
  ('ann', 'Ann Fields', 'ann@shop.example'),
  ('ben', 'Ben Okoye', 'ben@shop.example'),
  ('carla', 'Carla Rossi', 'carla@shop.example'),
  ('diego', 'Diego Marín', 'diego@shop.example'),
  ('emma', 'Emma Lindgren', 'emma@shop.example'),
  ('farid', 'Farid Rahimi', 'farid@shop.example'),
  ('greta', 'Greta Vogel', 'greta@shop.example'),
  ('hiro', 'Hiro Maeda', 'hiro@shop.example');

insert into categories (id, name, parent) values
  ('electronics', 'Electronics', null),
  ('computers', 'Computers', 'electronics'),
  ('laptops', 'Laptops', 'computers'),
  ('ultrabooks', 'Ultrabooks', 'laptops'),
  ('fanless-laptops', 'Fanless laptops', 'ultrabooks'),
  ('gaming-laptops', 'Gaming laptops', 'laptops'),
  ('tablets', 'Tablets', 'computers'),
  ('phones', 'Phones', 'electronics'),
  ('smartphones', 'Smartphones', 'phones'),
  ('foldables', 'Foldables', 'smartphones'),
  ('audio', 'Audio', 'electronics'),
  ('headphones', 'Headphones', 'audio'),
  ('earbuds', 'Earbuds', 'headphones'),
  ('home', 'Home', null),
  ('kitchen', 'Kitchen', 'home'),
  ('coffee', 'Coffee', 'kitchen'),
  ('grinders', 'Grinders', 'coffee'),
  ('hand-grinders', 'Hand grinders', 'grinders'),
  ('kettles', 'Kettles', 'kitchen'),
  ('furniture', 'Furniture', 'home'),
  ('desks', 'Desks', 'furniture'),
  ('outdoor', 'Outdoor', null),
  ('camping', 'Camping', 'outdoor'),
  ('tents', 'Tents', 'camping'),
  ('cycling', 'Cycling', 'outdoor');

insert into tags (id, name) values
  ('5g', '5G'),
  ('usb-c', 'USB-C'),
  ('wireless', 'Wireless'),
  ('bluetooth', 'Bluetooth'),
  ('waterproof', 'Waterproof'),
  ('refurbished', 'Refurbished'),
  ('sale', 'On sale'),
  ('new', 'New'),
  ('eco', 'Low impact'),
  ('bestseller', 'Bestseller'),
  ('lightweight', 'Lightweight'),
  ('limited', 'Limited edition');

insert into products (id, name, price, category, tags) values
  ('p1', 'Pebble 6 smartphone', 549.00, 'smartphones', '["5g", "usb-c", "bestseller"]'),
  ('p2', 'Pebble 6 Mini', 449.00, 'smartphones', '["5g", "usb-c", "lightweight"]'),
  ('p3', 'Fold One', 1299.00, 'foldables', '["5g", "usb-c", "new"]'),
  ('p4', 'Fold One, refurbished', 899.00, 'foldables', '["5g", "usb-c", "refurbished", "sale"]'),
  ('p5', 'Drift 13 laptop', 999.00, 'ultrabooks', '["usb-c", "lightweight", "bestseller"]'),
  ('p6', 'Drift 14 laptop', 1149.00, 'ultrabooks', '["usb-c", "lightweight"]'),
  ('p7', 'Hush Book', 1249.90, 'fanless-laptops', '["usb-c", "lightweight", "new"]'),
  ('p8', 'Hush Book Air', 1099.90, 'fanless-laptops', '["usb-c", "lightweight", "eco"]'),
  ('p9', 'Titan 17', 2199.00, 'gaming-laptops', '["usb-c"]'),
  ('p10', 'Titan 15', 1799.00, 'gaming-laptops', '["usb-c", "sale"]'),
  ('p11', 'Slate 11 tablet', 379.00, 'tablets', '["usb-c"]'),
  ('p12', 'Slate 11 with 5G', 479.00, 'tablets', '["5g", "usb-c"]'),
  ('p13', 'Slate Pen', 59.90, 'tablets', '["bluetooth"]'),
  ('p14', 'Calm over-ear headphones', 229.00, 'headphones', '["wireless", "bluetooth", "usb-c", "bestseller"]'),
  ('p15', 'Calm Lite', 129.00, 'headphones', '["wireless", "bluetooth"]'),
  ('p16', 'Studio Wired', 159.00, 'headphones', '[]'),
  ('p17', 'Dot earbuds', 89.00, 'earbuds', '["wireless", "bluetooth", "usb-c", "waterproof"]'),
  ('p18', 'Dot earbuds, second series', 109.00, 'earbuds', '["wireless", "bluetooth", "usb-c", "waterproof", "new"]'),
  ('p19', 'Travel charger 65 W', 34.90, 'electronics', '["usb-c", "bestseller"]'),
  ('p20', 'Braided cable 2 m', 12.50, 'electronics', '["usb-c"]'),
  ('p21', 'Morning hand grinder', 74.50, 'hand-grinders', '["bestseller"]'),
  ('p22', 'Morning hand grinder, travel size', 58.00, 'hand-grinders', '["lightweight"]'),
  ('p23', 'Burr 40 grinder', 149.00, 'grinders', '[]'),
  ('p24', 'Burr 64 grinder', 289.00, 'grinders', '["limited"]'),
  ('p25', 'Gooseneck kettle', 69.90, 'kettles', '[]'),
  ('p26', 'Whistle kettle', 39.90, 'kettles', '["eco"]'),
  ('p27', 'Paper filters, 100 pieces', 4.20, 'coffee', '["eco"]'),
  ('p28', 'Oak desk', 420.00, 'desks', '["eco"]'),
  ('p29', 'Standing desk', 590.00, 'desks', '["new"]'),
  ('p30', 'Monitor shelf', 65.00, 'furniture', '["sale"]'),
  ('p31', 'Two-person tent', 249.00, 'tents', '["waterproof", "lightweight"]'),
  ('p32', 'Family tent', 399.00, 'tents', '["waterproof"]'),
  ('p33', 'Camp lantern', 29.90, 'camping', '["usb-c", "waterproof"]'),
  ('p34', 'Bike light set', 24.90, 'cycling', '["usb-c", "waterproof", "bestseller"]'),
  ('p35', 'Dry bag 20 l', 19.90, 'outdoor', '["waterproof"]'),
  ('p36', 'Gift card', 25.00, null, null);

insert into orders (id, customer, items, status, placed_at) values
  (1, 1, '[{"product": "p1", "quantity": 1}, {"product": "p19", "quantity": 2}]', 'delivered', '2025-01-04 10:20:00'),
  (2, 4, '[{"product": "p23", "quantity": 3}, {"product": "p31", "quantity": 1}, {"product": "p5", "quantity": 1}]', 'shipped', '2025-01-09 11:30:00'),
  (3, 9, '[{"product": "p34", "quantity": 1}, {"product": "p6", "quantity": 1}, {"product": "p16", "quantity": 3}, {"product": "p28", "quantity": 1}]', 'delivered', '2025-01-12 11:48:00'),
  (4, 2, '[{"product": "p9", "quantity": 1}]', 'cancelled', '2025-01-16 18:07:00'),
  (5, 13, '[{"product": "p20", "quantity": 3}, {"product": "p28", "quantity": 1}]', 'delivered', '2025-01-19 19:12:00'),
  (6, 22, '[{"product": "p31", "quantity": 1}, {"product": "p3", "quantity": 1}, {"product": "p13", "quantity": 3}]', 'shipped', '2025-01-21 22:34:00'),
  (7, 1, '[{"product": "p20", "quantity": 1}, {"product": "p1", "quantity": 1}, {"product": "p20", "quantity": 3}]', 'delivered', '2025-01-25 00:28:00'),
  (8, 30, '[{"product": "p17", "quantity": 3}]', 'delivered', '2025-01-27 04:11:00'),
  (9, 35, '[{"product": "p28", "quantity": 1}, {"product": "p36", "quantity": 2}]', 'shipped', '2025-01-30 04:49:00'),
  (10, 41, '[{"product": "p3", "quantity": 1}, {"product": "p11", "quantity": 1}, {"product": "p21", "quantity": 1}]', 'delivered', '2025-02-03 05:42:00'),
  (11, 5, '[{"product": "p14", "quantity": 3}, {"product": "p22", "quantity": 1}, {"product": "p32", "quantity": 2}, {"product": "p8", "quantity": 1}]', 'cancelled', '2025-02-08 10:21:00'),
  (12, 47, '[{"product": "p25", "quantity": 1}]', 'delivered', '2025-02-10 11:59:00'),
  (13, 52, '[{"product": "p36", "quantity": 2}, {"product": "p8", "quantity": 1}]', 'shipped', '2025-02-15 16:42:00'),
  (14, 60, '[{"product": "p11", "quantity": 1}, {"product": "p19", "quantity": 1}, {"product": "p29", "quantity": 2}]', 'delivered', '2025-02-21 17:57:00'),
  (15, 8, '[{"product": "p22", "quantity": 1}, {"product": "p30", "quantity": 2}, {"product": "p4", "quantity": 1}, {"product": "p16", "quantity": 1}]', 'delivered', '2025-02-27 21:10:00'),
  (16, 17, '[{"product": "p33", "quantity": 2}]', 'shipped', '2025-03-04 22:10:00'),
  (17, 66, '[{"product": "p8", "quantity": 1}, {"product": "p16", "quantity": 1}]', 'delivered', '2025-03-07 23:03:00'),
  (18, 71, '[{"product": "p19", "quantity": 1}, {"product": "p27", "quantity": 2}, {"product": "p1", "quantity": 1}]', 'cancelled', '2025-03-14 08:02:00'),
  (19, 3, '[{"product": "p30", "quantity": 2}, {"product": "p2", "quantity": 1}, {"product": "p12", "quantity": 1}, {"product": "p24", "quantity": 2}]', 'delivered', '2025-03-19 14:35:00'),
  (20, 19, '[{"product": "p5", "quantity": 1}]', 'shipped', '2025-03-23 18:57:00'),
  (21, 74, '[{"product": "p16", "quantity": 1}, {"product": "p24", "quantity": 2}]', 'delivered', '2025-03-26 00:18:00'),
  (22, 26, '[{"product": "p27", "quantity": 2}, {"product": "p35", "quantity": 3}, {"product": "p9", "quantity": 1}]', 'delivered', '2025-03-31 08:04:00'),
  (23, 1, '[{"product": "p2", "quantity": 1}, {"product": "p10", "quantity": 1}, {"product": "p20", "quantity": 2}, {"product": "p32", "quantity": 3}]', 'shipped', '2025-04-03 10:15:00'),
  (24, 33, '[]', 'open', '2025-04-07 17:42:00'),
  (25, 39, '[{"product": "p24", "quantity": 2}, {"product": "p32", "quantity": 3}]', 'cancelled', '2025-04-11 19:37:00'),
  (26, 80, '[{"product": "p35", "quantity": 3}, {"product": "p7", "quantity": 1}, {"product": "p17", "quantity": 2}]', 'delivered', '2025-04-17 03:29:00'),
  (27, 44, '[{"product": "p10", "quantity": 1}, {"product": "p18", "quantity": 2}, {"product": "p28", "quantity": 3}, {"product": "p4", "quantity": 1}]', 'shipped', '2025-04-20 07:43:00'),
  (28, 50, '[{"product": "p21", "quantity": 2}]', 'delivered', '2025-04-25 10:41:00'),
  (29, 12, '[{"product": "p32", "quantity": 3}, {"product": "p4", "quantity": 1}]', 'delivered', '2025-04-28 12:28:00'),
  (30, 57, '[{"product": "p7", "quantity": 1}, {"product": "p15", "quantity": 2}, {"product": "p25", "quantity": 3}]', 'shipped', '2025-05-04 21:10:00'),
  (31, 63, '[{"product": "p18", "quantity": 2}, {"product": "p26", "quantity": 3}, {"product": "p36", "quantity": 1}, {"product": "p12", "quantity": 1}]', 'delivered', '2025-05-10 21:41:00'),
  (32, 6, '[{"product": "p29", "quantity": 3}]', 'cancelled', '2025-05-16 03:48:00'),
  (33, 69, '[{"product": "p4", "quantity": 1}, {"product": "p12", "quantity": 1}]', 'delivered', '2025-05-20 08:56:00'),
  (34, 77, '[{"product": "p15", "quantity": 2}, {"product": "p23", "quantity": 3}, {"product": "p33", "quantity": 1}]', 'shipped', '2025-05-25 13:48:00'),
  (35, 28, '[{"product": "p26", "quantity": 3}, {"product": "p34", "quantity": 1}, {"product": "p8", "quantity": 1}, {"product": "p20", "quantity": 3}]', 'delivered', '2025-05-27 16:08:00'),
  (36, 2, '[{"product": "p1", "quantity": 1}]', 'open', '2025-06-01 21:47:00'),
  (37, 15, '[{"product": "p12", "quantity": 1}, {"product": "p20", "quantity": 3}]', 'open', '2025-06-07 02:40:00'),
  (38, 37, '[{"product": "p23", "quantity": 3}, {"product": "p31", "quantity": 1}, {"product": "p5", "quantity": 1}]', 'open', '2025-06-12 05:26:00'),
  (39, 54, '[{"product": "p34", "quantity": 1}, {"product": "p6", "quantity": 1}, {"product": "p16", "quantity": 3}, {"product": "p28", "quantity": 1}]', 'open', '2025-06-17 12:10:00'),
  (40, 10, '[{"product": "p9", "quantity": 1}]', 'open', '2025-06-23 15:49:00');

insert into articles (id, title, metadata) values
  ('first-fold', 'A week with a folding phone', '{"author": "ann", "reviewer": "ben", "summary": "The hinge holds, the case does not."}'),
  ('quiet-laptops', 'Laptops that make no sound', '{"author": "ann", "reviewer": "carla", "summary": "Two fanless machines, one long train ride."}'),
  ('grind-by-hand', 'Grinding coffee by hand', '{"author": "diego", "reviewer": "ann", "summary": "Forty turns for one cup, and why it is worth it."}'),
  ('kettle-test', 'Five kettles, one stopwatch', '{"author": "diego", "summary": "The cheapest one won."}'),
  ('desk-heights', 'How high should a desk be?', '{"author": "greta", "reviewer": "emma", "summary": "Measure your elbow, not the desk."}'),
  ('tent-in-rain', 'Three nights of rain', '{"author": "farid", "reviewer": "greta", "summary": "What waterproof means at four in the morning."}'),
  ('earbud-fit', 'Earbuds for small ears', '{"author": "emma", "reviewer": null, "summary": "Fit first, then sound."}'),
  ('cable-guide', 'One cable for everything', '{"author": "ben", "reviewer": "ann", "summary": "Reading the small print on USB-C."}'),
  ('repair-first', 'Refurbished and proud of it', '{"author": "carla", "reviewer": "farid", "summary": "What the workshop replaces, and what it leaves."}'),
  ('bike-lights', 'See and be seen', '{"author": "farid", "summary": "Bike lights after a winter of commuting."}'),
  ('tablet-notes', 'Notes on a tablet', '{"author": "ann", "reviewer": "ann", "summary": "A pen makes the difference."}'),
  ('untitled-draft', 'Untitled draft', null);
