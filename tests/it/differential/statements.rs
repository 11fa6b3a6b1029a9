//! How many statements a read takes: those that are sent, and those that `explain` tells of.

use crosskey::api::graphql::{self, Asked};
use crosskey::engine::explain::Explained;

use crate::support::proxy::Proxy;

const FRESH: (&str, &str) = ("cache-control", "no-cache");

/// The statements of one read that is not answered from memory.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Really sent. Lookups of one form share a statement when they happen to be there at the same time.
    pub sent: u64,
    /// Told, for each lookup its own ones.
    pub told: u64,
}

/// Of a read by REST.
pub async fn of_rest(proxy: &Proxy, path: &str) -> Counted {
    let before = sent(proxy);
    proxy.send(&format!("GET {path}"), &[FRESH], "").await;
    let sent = sent(proxy) - before;
    let reply = proxy.send(&format!("GET {path}&explain=analyze"), &[FRESH], "").await;
    let steps: Result<Vec<Explained>, _> = serde_json::from_value(reply.json()["explain"].take());
    Counted { sent, told: told(&steps.unwrap_or_else(|error| panic!("{path}: {error}: {}", reply.text))) }
}

/// Of a GraphQL operation.
pub async fn of_graphql(proxy: &Proxy, operation: &str) -> Counted {
    let before = sent(proxy);
    let body = serde_json::json!({"query": operation}).to_string();
    proxy.send("POST /graphql", &[("content-type", "application/json"), FRESH], &body).await;
    let sent = sent(proxy) - before;
    let asked = Asked { query: operation.to_owned(), ..Asked::default() };
    let steps = graphql::explain(&proxy.engine, &asked, (true, true)).await;
    Counted { sent, told: told(&steps.unwrap_or_else(|faults| panic!("{operation}: {}", faults[0].error.message))) }
}

fn sent(proxy: &Proxy) -> u64 {
    proxy.statements().values().sum()
}

fn told(steps: &[Explained]) -> u64 {
    steps.iter().map(|step| step.actual.as_ref().map_or(0, |actual| actual.statements) + told(&step.steps)).sum()
}
