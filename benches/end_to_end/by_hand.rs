//! What a careful person would write for these requests alone: fixed statements, fixed columns, a HashMap, no checks.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use mysql_async::prelude::Queryable;

use crate::statements::{self, Databases, Parameters};

/// The routes of the benchmark's requests.
pub fn routes() -> axum::Router<Arc<Databases>> {
    statements::routes(get(contacts), get(contact).delete(delete_contact), get(customers).post(add_customers))
}

/// Removes a contact to whom no customer refers.
async fn delete_contact(State(databases): State<Arc<Databases>>, Path(id): Path<i32>) -> impl IntoResponse {
    let client = databases.own_postgres().await;
    client.client.batch_execute("BEGIN").await.expect("a transaction");
    let gone = client.client.query_one(&client.delete, &[&id]).await.expect("the contact");
    let mut conn = databases.mysql().await;
    let text = "SELECT COUNT(*) FROM customer WHERE username = ?";
    let referring: Option<u64> = conn.exec_first(text, (gone.get::<_, &str>(0),)).await.expect("a count");
    assert_eq!(referring, Some(0), "customers refer to it");
    client.client.batch_execute("COMMIT").await.expect("a commit");
    json(format!("{{\"id\":{id}}}"))
}

/// Adds customers, after a look whether their contacts are there.
async fn add_customers(State(databases): State<Arc<Databases>>, body: axum::body::Bytes) -> impl IntoResponse {
    #[derive(serde::Deserialize)]
    struct New {
        id: i64,
        username: String,
        plan: String,
        amount: i64,
        note: String,
    }
    let added: Vec<New> = serde_json::from_slice(&body).expect("customers");
    let mut keys: Vec<&str> = added.iter().map(|customer| &*customer.username).collect();
    keys.sort_unstable();
    keys.dedup();
    let on = databases.postgres();
    let found = on.client.query(&on.by_email, &[&keys]).await.expect("contacts");
    assert_eq!(found.len(), keys.len(), "a contact is missing");
    let mut conn = databases.mysql().await;
    conn.query_drop("START TRANSACTION").await.expect("a transaction");
    let places = vec!["(?, ?, ?, ?, ?)"; added.len()].join(", ");
    let values: Vec<mysql_async::Value> = added
        .iter()
        .flat_map(|one| {
            [
                one.id.into(),
                one.username.as_str().into(),
                one.plan.as_str().into(),
                one.amount.into(),
                one.note.as_str().into(),
            ]
        })
        .collect();
    let text = format!("INSERT INTO customer (id, username, plan, amount, note) VALUES {places}");
    conn.exec_drop(text, values).await.expect("customers");
    conn.query_drop("COMMIT").await.expect("a commit");
    let mut out = String::from("{\"resource\":[");
    for (at, customer) in added.iter().enumerate() {
        comma(&mut out, at);
        let _ = write!(out, "{{\"id\":{}}}", customer.id);
    }
    out.push_str("]}");
    json(out)
}

async fn contacts(State(databases): State<Arc<Databases>>, Query(parameters): Parameters) -> impl IntoResponse {
    let on = databases.postgres();
    let rows = on.client.query(&on.page, &[&parameters["limit"], &parameters["offset"]]).await.expect("contacts");
    let contacts: Vec<Contact<'_>> = rows.iter().map(|row| Contact::read(row, 0)).collect();
    let found = customers_of(&databases, &contacts).await;
    let mut out = String::with_capacity(contacts.len() * 700);
    out.push_str("{\"resource\":[");
    for (at, contact) in contacts.iter().enumerate() {
        comma(&mut out, at);
        contact.write(&mut out);
        write_customers(&mut out, found.get(contact.email));
    }
    out.push_str("]}");
    json(out)
}

async fn contact(
    State(databases): State<Arc<Databases>>,
    Path(id): Path<String>,
    Query(parameters): Parameters,
) -> impl IntoResponse {
    let on = databases.postgres();
    let rows = on.client.query(&on.by_id, &[&vec![id]]).await.expect("a contact");
    let contacts = [Contact::read(&rows[0], 1)];
    let mut out = String::new();
    contacts[0].write(&mut out);
    match parameters.get("related").map(String::as_str) {
        None => out.push('}'),
        Some("customers") => {
            let found = customers_of(&databases, &contacts).await;
            write_customers(&mut out, found.get(contacts[0].email));
        }
        Some(_) => {
            let found = customers_of(&databases, &contacts).await;
            let customers = found.get(contacts[0].email).map_or(&[][..], Vec::as_slice);
            let payments = payments_of(&databases, customers).await;
            write_customers_with_payments(&mut out, customers, &payments);
        }
    }
    json(out)
}

async fn customers(State(databases): State<Arc<Databases>>, Query(parameters): Parameters) -> impl IntoResponse {
    let mut conn = databases.mysql().await;
    let page: (i64, i64) =
        (parameters["limit"].parse().expect("a limit"), parameters["offset"].parse().expect("an offset"));
    let customers: Vec<Customer> = conn
        .exec_map(&databases.customers, page, |row: (i64, String, String, i64, String)| Customer::from(row))
        .await
        .expect("customers");
    drop(conn);
    let mut seen = HashSet::with_capacity(customers.len());
    let names = customers.iter().map(|customer| customer.username.as_str());
    let keys: Vec<&str> = names.filter(|name| seen.insert(*name)).collect();
    let on = databases.postgres();
    let rows = on.client.query(&on.by_email, &[&keys]).await.expect("contacts");
    let contacts = rows.iter().map(|row| Contact::read(row, 1));
    let found: HashMap<&str, Contact<'_>> = contacts.map(|contact| (contact.email, contact)).collect();
    let mut out = String::with_capacity(customers.len() * 300);
    out.push_str("{\"resource\":[");
    for (at, customer) in customers.iter().enumerate() {
        comma(&mut out, at);
        customer.write(&mut out);
        out.push_str(",\"contact\":");
        match found.get(customer.username.as_str()) {
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

async fn customers_of(databases: &Databases, contacts: &[Contact<'_>]) -> HashMap<String, Vec<Customer>> {
    let mut keys = String::from("[");
    for (at, contact) in contacts.iter().enumerate() {
        comma(&mut keys, at);
        text(&mut keys, contact.email);
    }
    keys.push(']');
    let mut conn = databases.mysql().await;
    let mut found: HashMap<String, Vec<Customer>> = HashMap::with_capacity(contacts.len());
    let mut rows = conn.exec_iter(&databases.customers_of, (keys,)).await.expect("customers");
    while let Some(row) = rows.next().await.expect("a customer") {
        let (_, id, username, plan, amount, note): (u64, i64, String, String, i64, String) = mysql_async::from_row(row);
        let customer = Customer::from((id, username, plan, amount, note));
        match found.get_mut(&customer.username) {
            Some(customers) => customers.push(customer),
            None => drop(found.insert(customer.username.clone(), vec![customer])),
        }
    }
    drop(rows);
    found
}

async fn payments_of(databases: &Databases, customers: &[Customer]) -> HashMap<i64, Vec<Payment>> {
    let mut keys = String::from("[");
    for (at, customer) in customers.iter().enumerate() {
        comma(&mut keys, at);
        number(&mut keys, customer.id);
    }
    keys.push(']');
    let mut conn = databases.mysql().await;
    let mut found: HashMap<i64, Vec<Payment>> = HashMap::with_capacity(customers.len());
    let mut rows = conn.exec_iter(&databases.payments_of, (keys,)).await.expect("payments");
    while let Some(row) = rows.next().await.expect("a payment") {
        let (_, id, customer_id, amount, method): (u64, i64, i64, i64, String) = mysql_async::from_row(row);
        found.entry(customer_id).or_default().push(Payment { id, customer_id, amount, method });
    }
    drop(rows);
    found
}

struct Contact<'a> {
    id: i32,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    country: Option<&'a str>,
    city: Option<&'a str>,
}

impl<'a> Contact<'a> {
    fn read(row: &'a tokio_postgres::Row, from: usize) -> Self {
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
        out.push_str("{\"id\":");
        number(out, self.id.into());
        out.push_str(",\"first_name\":");
        text(out, self.first_name);
        out.push_str(",\"last_name\":");
        text(out, self.last_name);
        out.push_str(",\"email\":");
        text(out, self.email);
        out.push_str(",\"country\":");
        optional(out, self.country);
        out.push_str(",\"city\":");
        optional(out, self.city);
    }
}

struct Customer {
    id: i64,
    username: String,
    plan: String,
    amount: i64,
    note: String,
}

struct Payment {
    id: i64,
    customer_id: i64,
    amount: i64,
    method: String,
}

impl From<(i64, String, String, i64, String)> for Customer {
    fn from((id, username, plan, amount, note): (i64, String, String, i64, String)) -> Self {
        Self { id, username, plan, amount, note }
    }
}

impl Customer {
    /// Without its closing brace.
    fn write(&self, out: &mut String) {
        out.push_str("{\"id\":");
        number(out, self.id);
        out.push_str(",\"username\":");
        text(out, &self.username);
        out.push_str(",\"plan\":");
        text(out, &self.plan);
        out.push_str(",\"amount\":");
        number(out, self.amount);
        out.push_str(",\"note\":");
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

fn write_customers_with_payments(out: &mut String, customers: &[Customer], payments: &HashMap<i64, Vec<Payment>>) {
    out.push_str(",\"customers\":[");
    for (at, customer) in customers.iter().enumerate() {
        comma(out, at);
        customer.write(out);
        out.push_str(",\"payments\":[");
        for (at, payment) in payments.get(&customer.id).into_iter().flatten().enumerate() {
            comma(out, at);
            let Payment { id, customer_id, amount, method } = payment;
            for (name, value) in [("{\"id\":", id), (",\"customer_id\":", customer_id), (",\"amount\":", amount)] {
                out.push_str(name);
                number(out, *value);
            }
            out.push_str(",\"method\":");
            text(out, method);
            out.push('}');
        }
        out.push_str("]}");
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

fn number(out: &mut String, value: i64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// What needs no escape is copied as it stands.
fn text(out: &mut String, value: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte >= b' ' && !matches!(byte, b'"' | b'\\') {
            continue;
        }
        out.push_str(&value[from..at]);
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            _ => drop(write!(out, "\\u{byte:04x}")),
        }
        from = at + 1;
    }
    out.push_str(&value[from..]);
    out.push('"');
}

fn json(body: String) -> impl IntoResponse {
    ([(http::header::CONTENT_TYPE, "application/json")], body)
}
