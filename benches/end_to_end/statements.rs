//! The statements of the hand-written handlers: those of the proxy, by the same drivers and the same sharing of connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::Query;
use axum::routing::MethodRouter;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};

const CONNECTIONS: usize = 10;
const CONTACT: &str = "t.\"id\", t.\"first_name\", t.\"last_name\", t.\"email\", t.\"country\", t.\"city\"";
const CUSTOMER: &str = "t.`id`, t.`username`, t.`plan`, t.`amount`, t.`note`";

/// A request's parameters.
pub type Parameters = Query<HashMap<String, String>>;

/// The routes of the benchmark's requests, to these handlers.
pub fn routes(
    contacts: MethodRouter<Arc<Databases>>,
    contact: MethodRouter<Arc<Databases>>,
    customers: MethodRouter<Arc<Databases>>,
) -> axum::Router<Arc<Databases>> {
    axum::Router::new()
        .route("/api/v2/crm/_table/contact", contacts)
        .route("/api/v2/crm/_table/contact/{id}", contact)
        .route("/api/v2/billing/_table/customer", customers)
}

/// The connections to both databases.
pub struct Databases {
    postgres: Vec<Prepared>,
    /// Connections for transactions, one at a time each.
    writers: Vec<tokio::sync::Mutex<Prepared>>,
    next: AtomicUsize,
    /// MariaDB.
    pub mysql: mysql_async::Pool,
    /// A page of customers: limit, offset.
    pub customers: String,
    /// Customers of contacts: their e-mail addresses as JSON.
    pub customers_of: String,
    /// Payments of customers: their ids as JSON.
    pub payments_of: String,
}

/// A connection to PostgreSQL with its statements.
pub struct Prepared {
    pub client: Client,
    /// A page of contacts: limit, offset.
    pub page: Statement,
    /// Contacts by id.
    pub by_id: Statement,
    /// Contacts by e-mail address.
    pub by_email: Statement,
    /// Removes a contact by id; gives its e-mail address.
    pub delete: Statement,
}

impl Prepared {
    async fn open(crm: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(crm, tokio_postgres::NoTls).await.expect("PostgreSQL");
        tokio::spawn(connection);
        let page = format!(
            "SELECT {CONTACT} FROM \"public\".\"contact\" t ORDER BY t.\"id\" LIMIT $1::text::int8 OFFSET $2::text::int8"
        );
        let by_id = format!(
            "SELECT k.o, {CONTACT} FROM unnest(CAST($1::text[] AS int4[])) WITH ORDINALITY k(v0, o) JOIN \"public\".\"contact\" t ON t.\"id\" = k.v0 LIMIT 100001"
        );
        let by_email = format!(
            "SELECT k.o, {CONTACT} FROM unnest(CAST($1::text[] AS text[])) WITH ORDINALITY k(v0, o) JOIN \"public\".\"contact\" t ON t.\"email\" = k.v0 LIMIT 100001"
        );
        let delete = "DELETE FROM \"public\".\"contact\" WHERE \"id\" = $1 RETURNING \"email\"";
        Self {
            page: client.prepare_typed(&page, &[Type::TEXT, Type::TEXT]).await.expect("a statement"),
            by_id: client.prepare_typed(&by_id, &[Type::TEXT_ARRAY]).await.expect("a statement"),
            by_email: client.prepare_typed(&by_email, &[Type::TEXT_ARRAY]).await.expect("a statement"),
            delete: client.prepare_typed(delete, &[Type::INT4]).await.expect("a statement"),
            client,
        }
    }
}

impl Databases {
    /// Connects to both.
    pub async fn open(crm: &str, billing: &str) -> Self {
        let (mut postgres, mut writers) = (Vec::new(), Vec::new());
        for _ in 0..CONNECTIONS {
            postgres.push(Prepared::open(crm).await);
            writers.push(tokio::sync::Mutex::new(Prepared::open(crm).await));
        }
        let opts = mysql_async::Opts::from_url(billing).expect("a url");
        let pool = mysql_async::PoolOpts::default()
            .with_constraints(mysql_async::PoolConstraints::new(0, CONNECTIONS).expect("constraints"))
            .with_inactive_connection_ttl(std::time::Duration::from_secs(300))
            .with_reset_connection(false);
        let opts = mysql_async::OptsBuilder::from_opts(opts).pool_opts(pool).stmt_cache_size(256);
        Self {
            postgres,
            writers,
            next: AtomicUsize::new(0),
            mysql: mysql_async::Pool::new(opts),
            customers: format!("SELECT {CUSTOMER} FROM `customer` t ORDER BY t.`id` LIMIT ? OFFSET ?"),
            customers_of: format!(
                "SELECT k.o, {CUSTOMER} FROM JSON_TABLE(?, '$[*]' COLUMNS(o FOR ORDINALITY, v0 VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PATH '$')) k \
                 STRAIGHT_JOIN `customer` t ON t.`username` = k.v0 AND CAST(t.`username` AS BINARY) = CAST(k.v0 AS BINARY) ORDER BY k.o, t.`id` LIMIT 100001"
            ),
            payments_of: "SELECT k.o, t.`id`, t.`customer_id`, t.`amount`, t.`method` FROM JSON_TABLE(?, '$[*]' COLUMNS(o FOR ORDINALITY, v0 BIGINT PATH '$')) k \
                 STRAIGHT_JOIN `payment` t ON t.`customer_id` = k.v0 ORDER BY k.o, t.`id` LIMIT 100001"
                .to_owned(),
        }
    }

    /// The next connection to PostgreSQL, in turn; statements on it are pipelined.
    pub fn postgres(&self) -> &Prepared {
        &self.postgres[self.next.fetch_add(1, Ordering::Relaxed) % self.postgres.len()]
    }

    /// A connection to PostgreSQL for a transaction.
    pub async fn own_postgres(&self) -> tokio::sync::MutexGuard<'_, Prepared> {
        self.writers[self.next.fetch_add(1, Ordering::Relaxed) % self.writers.len()].lock().await
    }

    /// A connection to MariaDB.
    pub async fn mysql(&self) -> mysql_async::Conn {
        self.mysql.get_conn().await.expect("a connection")
    }
}
