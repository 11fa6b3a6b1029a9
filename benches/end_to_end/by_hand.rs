//! What a careful person would write for these requests alone: fixed statements, fixed columns, a HashMap, no checks.
//! The statements are those of the proxy, and so are the drivers and the way of sharing connections.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::TryStreamExt;
use mysql_async::prelude::Queryable;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Statement};

const CONNECTIONS: usize = 10;
const CONTACT: &str = "t.\"id\", t.\"first_name\", t.\"last_name\", t.\"email\", t.\"country\", t.\"city\"";
const CUSTOMER: &str = "t.`id`, t.`username`, t.`plan`, t.`amount`, t.`note`";

struct Shared {
    postgres: Vec<Prepared>,
    next: AtomicUsize,
    mysql: mysql_async::Pool,
}

struct Prepared {
    client: Client,
    page: Statement,
    by_id: Statement,
    by_email: Statement,
}

/// Serves until it is killed; prints its address first.
pub async fn serve(crm: &str, billing: &str) {
    let mut postgres = Vec::new();
    for _ in 0..CONNECTIONS {
        let (client, connection) = tokio_postgres::connect(crm, tokio_postgres::NoTls).await.expect("PostgreSQL");
        tokio::spawn(connection);
        let page = format!(
            "SELECT {CONTACT} FROM \"public\".\"contact\" t ORDER BY t.\"id\" LIMIT $1::text::int8 OFFSET $2::text::int8"
        );
        let by_id = format!(
            "SELECT k.o, {CONTACT} FROM unnest(CAST($1::text[] AS int4[])) WITH ORDINALITY k(v0, o) JOIN \"public\".\"contact\" t ON t.\"id\" = k.v0 ORDER BY k.o, t.\"id\" LIMIT 100001"
        );
        let by_email = format!(
            "SELECT k.o, {CONTACT} FROM unnest(CAST($1::text[] AS text[])) WITH ORDINALITY k(v0, o) JOIN \"public\".\"contact\" t ON t.\"email\" = k.v0 LIMIT 100001"
        );
        postgres.push(Prepared {
            page: client.prepare_typed(&page, &[Type::TEXT, Type::TEXT]).await.expect("a statement"),
            by_id: client.prepare_typed(&by_id, &[Type::TEXT_ARRAY]).await.expect("a statement"),
            by_email: client.prepare_typed(&by_email, &[Type::TEXT_ARRAY]).await.expect("a statement"),
            client,
        });
    }
    let opts = mysql_async::Opts::from_url(billing).expect("a url");
    let pool = mysql_async::PoolOpts::default()
        .with_constraints(mysql_async::PoolConstraints::new(0, CONNECTIONS).expect("constraints"))
        .with_inactive_connection_ttl(std::time::Duration::from_secs(300))
        .with_reset_connection(false);
    let mysql = mysql_async::Pool::new(mysql_async::OptsBuilder::from_opts(opts).pool_opts(pool).stmt_cache_size(256));
    let shared = Arc::new(Shared { postgres, next: AtomicUsize::new(0), mysql });
    let app = axum::Router::new()
        .route("/api/v2/crm/_table/contact", get(contacts))
        .route("/api/v2/crm/_table/contact/{id}", get(contact))
        .route("/api/v2/billing/_table/customer", get(customers))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    axum::serve(listener, app).await.expect("serving");
}

type Parameters = Query<HashMap<String, String>>;

async fn contacts(State(shared): State<Arc<Shared>>, Query(parameters): Parameters) -> impl IntoResponse {
    let on = shared.postgres();
    let rows = on.client.query(&on.page, &[&parameters["limit"], &parameters["offset"]]).await.expect("contacts");
    let contacts: Vec<Contact> = rows.iter().map(|row| Contact::read(row, 0)).collect();
    let found = shared.customers_of(&contacts).await;
    let mut out = String::with_capacity(contacts.len() * 700);
    out.push_str("{\"resource\":[");
    for (at, contact) in contacts.iter().enumerate() {
        comma(&mut out, at);
        contact.write(&mut out);
        write_customers(&mut out, found.get(contact.email.as_str()));
    }
    out.push_str("]}");
    json(out)
}

async fn contact(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(parameters): Parameters,
) -> impl IntoResponse {
    let on = shared.postgres();
    let rows = on.client.query(&on.by_id, &[&vec![id]]).await.expect("a contact");
    let contacts = [Contact::read(&rows[0], 1)];
    let mut out = String::new();
    contacts[0].write(&mut out);
    if parameters.contains_key("related") {
        let found = shared.customers_of(&contacts).await;
        write_customers(&mut out, found.get(contacts[0].email.as_str()));
    } else {
        out.push('}');
    }
    json(out)
}

async fn customers(State(shared): State<Arc<Shared>>, Query(parameters): Parameters) -> impl IntoResponse {
    let mut conn = shared.mysql.get_conn().await.expect("a connection");
    let text = format!("SELECT {CUSTOMER} FROM `customer` t ORDER BY t.`id` LIMIT ? OFFSET ?");
    let page: (i64, i64) =
        (parameters["limit"].parse().expect("a limit"), parameters["offset"].parse().expect("an offset"));
    let customers: Vec<Customer> = conn
        .exec_map(text, page, |row: (i64, String, String, i64, String)| Customer::from(row))
        .await
        .expect("customers");
    drop(conn);
    let mut keys: Vec<String> = Vec::new();
    let mut seen = HashMap::new();
    for customer in &customers {
        seen.entry(customer.username.clone()).or_insert_with(|| keys.push(customer.username.clone()));
    }
    let on = shared.postgres();
    let rows = on.client.query_raw(&on.by_email, &[&keys]).await.expect("contacts");
    let mut found = HashMap::new();
    futures_util::pin_mut!(rows);
    while let Some(row) = rows.try_next().await.expect("a contact") {
        let contact = Contact::read(&row, 1);
        found.insert(contact.email.clone(), contact);
    }
    let mut out = String::with_capacity(customers.len() * 300);
    out.push_str("{\"resource\":[");
    for (at, customer) in customers.iter().enumerate() {
        comma(&mut out, at);
        customer.write(&mut out);
        out.push_str(",\"contact\":");
        match found.get(&customer.username) {
            Some(contact) => {
                contact.write(&mut out);
                out.push('}');
            }
            None => out.push_str("null"),
        }
        out.push('}');
    }
    out.push_str("]}");
    json(out)
}

impl Shared {
    fn postgres(&self) -> &Prepared {
        &self.postgres[self.next.fetch_add(1, Ordering::Relaxed) % self.postgres.len()]
    }

    async fn customers_of(&self, contacts: &[Contact]) -> HashMap<String, Vec<Customer>> {
        let mut keys = String::from("[");
        for (at, contact) in contacts.iter().enumerate() {
            comma(&mut keys, at);
            text(&mut keys, &contact.email);
        }
        keys.push(']');
        let statement = format!(
            "SELECT k.o, {CUSTOMER} FROM JSON_TABLE(?, '$[*]' COLUMNS(o FOR ORDINALITY, v0 VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PATH '$')) k \
             STRAIGHT_JOIN `customer` t ON t.`username` = k.v0 AND CAST(t.`username` AS BINARY) = CAST(k.v0 AS BINARY) ORDER BY k.o, t.`id` LIMIT 100001"
        );
        let mut conn = self.mysql.get_conn().await.expect("a connection");
        let mut found: HashMap<String, Vec<Customer>> = HashMap::with_capacity(contacts.len());
        let mut rows = conn.exec_iter(statement, (keys,)).await.expect("customers");
        while let Some(row) = rows.next().await.expect("a customer") {
            let (_, id, username, plan, amount, note): (u64, i64, String, String, i64, String) =
                mysql_async::from_row(row);
            let customer = Customer::from((id, username, plan, amount, note));
            found.entry(customer.username.clone()).or_default().push(customer);
        }
        drop(rows);
        found
    }
}

struct Contact {
    id: i32,
    first_name: String,
    last_name: String,
    email: String,
    country: Option<String>,
    city: Option<String>,
}

impl Contact {
    fn read(row: &tokio_postgres::Row, from: usize) -> Self {
        Self {
            id: row.get(from),
            first_name: row.get(from + 1),
            last_name: row.get(from + 2),
            email: row.get(from + 3),
            country: row.get(from + 4),
            city: row.get(from + 5),
        }
    }

    /// Without its closing brace.
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{{\"id\":{},\"first_name\":", self.id);
        text(out, &self.first_name);
        out.push_str(",\"last_name\":");
        text(out, &self.last_name);
        out.push_str(",\"email\":");
        text(out, &self.email);
        out.push_str(",\"country\":");
        optional(out, self.country.as_deref());
        out.push_str(",\"city\":");
        optional(out, self.city.as_deref());
    }
}

struct Customer {
    id: i64,
    username: String,
    plan: String,
    amount: i64,
    note: String,
}

impl From<(i64, String, String, i64, String)> for Customer {
    fn from((id, username, plan, amount, note): (i64, String, String, i64, String)) -> Self {
        Self { id, username, plan, amount, note }
    }
}

impl Customer {
    /// Without its closing brace.
    fn write(&self, out: &mut String) {
        let _ = write!(out, "{{\"id\":{},\"username\":", self.id);
        text(out, &self.username);
        out.push_str(",\"plan\":");
        text(out, &self.plan);
        let _ = write!(out, ",\"amount\":{},\"note\":", self.amount);
        text(out, &self.note);
    }
}

fn write_customers(out: &mut String, customers: Option<&Vec<Customer>>) {
    out.push_str(",\"customers\":[");
    for (at, customer) in customers.into_iter().flatten().enumerate() {
        comma(out, at);
        customer.write(out);
        out.push('}');
    }
    out.push_str("]}");
}

fn comma(out: &mut String, at: usize) {
    if at > 0 {
        out.push(',');
    }
}

fn optional(out: &mut String, value: Option<&str>) {
    match value {
        Some(value) => text(out, value),
        None => out.push_str("null"),
    }
}

fn text(out: &mut String, value: &str) {
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if (c as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn json(body: String) -> impl IntoResponse {
    ([(http::header::CONTENT_TYPE, "application/json")], body)
}
