//! What most people would write: rows become `serde_json::Value`, a HashMap joins them, and the whole is printed at the end.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};

use crate::statements::{self, Databases, Parameters};

/// The routes of the benchmark's requests.
pub fn routes() -> axum::Router<Arc<Databases>> {
    statements::routes(get(contacts), get(contact), get(customers))
}

async fn contacts(State(databases): State<Arc<Databases>>, Query(parameters): Parameters) -> Json<Value> {
    let on = databases.postgres();
    let rows = on.client.query(&on.page, &[&parameters["limit"], &parameters["offset"]]).await.expect("contacts");
    let mut contacts: Vec<Value> = rows.iter().map(|row| read_contact(row, 0)).collect();
    add_customers(&databases, &mut contacts, false).await;
    Json(json!({ "resource": contacts }))
}

async fn contact(
    State(databases): State<Arc<Databases>>,
    Path(id): Path<String>,
    Query(parameters): Parameters,
) -> Json<Value> {
    let on = databases.postgres();
    let rows = on.client.query(&on.by_id, &[&vec![id]]).await.expect("a contact");
    let mut contacts = [read_contact(&rows[0], 1)];
    if let Some(related) = parameters.get("related") {
        add_customers(&databases, &mut contacts, related.ends_with("payments")).await;
    }
    let [contact] = contacts;
    Json(contact)
}

async fn customers(State(databases): State<Arc<Databases>>, Query(parameters): Parameters) -> Json<Value> {
    let page: (i64, i64) =
        (parameters["limit"].parse().expect("a limit"), parameters["offset"].parse().expect("an offset"));
    let mut conn = databases.mysql().await;
    let mut customers: Vec<Value> = conn.exec_map(&databases.customers, page, read_customer).await.expect("customers");
    drop(conn);
    let mut keys: Vec<String> = customers.iter().map(|row| text(row, "username")).collect();
    keys.sort_unstable();
    keys.dedup();
    let on = databases.postgres();
    let rows = on.client.query(&on.by_email, &[&keys]).await.expect("contacts");
    let found: HashMap<String, Value> =
        rows.iter().map(|row| read_contact(row, 1)).map(|contact| (text(&contact, "email"), contact)).collect();
    for customer in &mut customers {
        customer["contact"] = found.get(&text(customer, "username")).cloned().unwrap_or_default();
    }
    Json(json!({ "resource": customers }))
}

async fn add_customers(databases: &Databases, contacts: &mut [Value], with_payments: bool) {
    let keys: Vec<String> = contacts.iter().map(|contact| text(contact, "email")).collect();
    let keys = json!(keys).to_string();
    let mut conn = databases.mysql().await;
    let rows: Vec<(u64, i64, String, String, i64, String)> =
        conn.exec(&databases.customers_of, (keys,)).await.expect("customers");
    let mut customers: Vec<Value> = rows
        .into_iter()
        .map(|(_, id, username, plan, amount, note)| read_customer((id, username, plan, amount, note)))
        .collect();
    if with_payments {
        let ids: Vec<&Value> = customers.iter().map(|customer| &customer["id"]).collect();
        let ids = json!(ids).to_string();
        let rows: Vec<(u64, i64, i64, i64, String)> =
            conn.exec(&databases.payments_of, (ids,)).await.expect("payments");
        let mut found: HashMap<i64, Vec<Value>> = HashMap::new();
        for (_, id, customer, amount, method) in rows {
            let payment = json!({"id": id, "customer_id": customer, "amount": amount, "method": method});
            found.entry(customer).or_default().push(payment);
        }
        for customer in &mut customers {
            let id = customer["id"].as_i64().unwrap_or_default();
            customer["payments"] = Value::Array(found.remove(&id).unwrap_or_default());
        }
    }
    drop(conn);
    let mut found: HashMap<String, Vec<Value>> = HashMap::new();
    for customer in customers {
        found.entry(text(&customer, "username")).or_default().push(customer);
    }
    for contact in contacts {
        contact["customers"] = Value::Array(found.remove(&text(contact, "email")).unwrap_or_default());
    }
}

fn read_contact(row: &tokio_postgres::Row, from: usize) -> Value {
    json!({
        "id": row.get::<_, i32>(from),
        "first_name": row.get::<_, String>(from + 1),
        "last_name": row.get::<_, String>(from + 2),
        "email": row.get::<_, String>(from + 3),
        "country": row.get::<_, Option<String>>(from + 4),
        "city": row.get::<_, Option<String>>(from + 5),
    })
}

fn read_customer((id, username, plan, amount, note): (i64, String, String, i64, String)) -> Value {
    json!({"id": id, "username": username, "plan": plan, "amount": amount, "note": note})
}

fn text(row: &Value, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}
