//! 100,000 contacts in PostgreSQL; 500,000 customers in MariaDB, related to them by e-mail address, and 500,000 payments.

use mysql_async::prelude::Queryable;

use crate::load::Pages;
use crate::process::Server;

const CONTACTS: &str = "
CREATE TABLE contact (id int PRIMARY KEY, first_name text NOT NULL, last_name text NOT NULL, email varchar(60) NOT NULL UNIQUE,
  country text, city text);
INSERT INTO contact SELECT i, 'First' || i % 977, 'Lastname' || i % 7919, 'person' || i || '@mail' || i % 50 || '.example.org',
  (ARRAY['DE', 'FR', 'GB', 'IT', 'SE'])[1 + i % 5], 'City number ' || i % 1000 FROM generate_series(1, 100000) i;
ANALYZE contact";

const CUSTOMERS: [&str; 7] = [
    "CREATE TABLE customer (id INT PRIMARY KEY, username VARCHAR(60), plan VARCHAR(10), amount INT, note VARCHAR(80),
       KEY customer_username (username)) CHARACTER SET utf8mb4",
    "INSERT INTO customer SELECT seq, CONCAT('person', 1 + seq * 7919 % 100000, '@mail', (1 + seq * 7919 % 100000) % 50, '.example.org'),
       ELT(1 + seq % 3, 'free', 'pro', 'team'), seq % 1000, CONCAT('A short note about customer ', seq) FROM seq_1_to_500000",
    "ANALYZE TABLE customer",
    // The same without a key that leads into the other database.
    "CREATE TABLE plain_customer LIKE customer",
    "CREATE TABLE payment (id INT PRIMARY KEY, customer_id INT NOT NULL, amount INT NOT NULL, method VARCHAR(10) NOT NULL,
       KEY payment_customer (customer_id)) CHARACTER SET utf8mb4",
    "INSERT INTO payment SELECT seq, 1 + seq * 4999 % 500000, seq % 900, ELT(1 + seq % 3, 'card', 'debit', 'cash') FROM seq_1_to_500000",
    "ANALYZE TABLE payment",
];

/// Makes both databases; gives their urls.
pub async fn create(postgres: &str, mysql: &str) -> (String, String) {
    let name = format!("bench_{}", std::process::id());
    let (client, connection) = tokio_postgres::connect(postgres, tokio_postgres::NoTls).await.expect("PostgreSQL");
    tokio::spawn(connection);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let crm = with_database(postgres, &name);
    let (client, connection) = tokio_postgres::connect(&crm, tokio_postgres::NoTls).await.expect("PostgreSQL");
    tokio::spawn(connection);
    client.batch_execute(CONTACTS).await.expect("contacts");

    let mut conn = mysql_async::Conn::from_url(mysql).await.expect("MariaDB");
    conn.query_drop(format!("CREATE DATABASE {name}")).await.expect("a database");
    conn.disconnect().await.expect("closing");
    let billing = with_database(mysql, &name);
    let mut conn = mysql_async::Conn::from_url(billing.as_str()).await.expect("MariaDB");
    for statement in CUSTOMERS {
        conn.query_drop(statement).await.expect("customers");
    }
    conn.disconnect().await.expect("closing");
    (crm, billing)
}

/// The url of another database of a server.
pub fn with_database(url: &str, name: &str) -> String {
    format!("{}/{name}", url.rsplit_once('/').expect("the url ends in a database").0)
}

/// Both servers must do the same work to be compared.
pub async fn assert_equal_answers(asked: &Pages<'_>, a: &Server, b: &Server) {
    let path = asked.path.replace("{}", "100");
    let (a, b) = (a.get(&path).await, b.get(&path).await);
    let parse = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).expect("JSON");
    let (mut a, b) = (parse(&a), parse(&b));
    if let (Some(a), Some(meta)) = (a.as_object_mut(), b.get("meta")) {
        a.insert("meta".into(), meta.clone());
    }
    assert_eq!(a, b, "{path}");
}
