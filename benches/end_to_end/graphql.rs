//! GraphQL beside REST: the same rows, from the same process, in turn; and a document that comes again beside one that is new.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::load::{Measured, Pages, load};
use crate::process::Server;
use crate::{CONNECTIONS, ROUNDS, WARM_PAGES, median};

/// A request in both languages; `{}` is the page's first row.
struct Pair {
    name: &'static str,
    rest: &'static str,
    query: &'static str,
    pages: u64,
    step: u64,
}

const CONTACT: &str = "id first_name last_name email country city";
const CUSTOMER: &str = "id username plan amount note";
const PAYMENT: &str = "id customer_id amount method";

const PAIRS: [Pair; 3] = [
    Pair {
        name: "page of 50, has_many",
        rest: "/api/v2/crm/_table/contact?order=id&limit=50&offset={}&related=customers",
        query: "query($n: Int!) { crm_contact(order_by: [{id: asc}], limit: 50, offset: $n) { CONTACT customers { CUSTOMER } } }",
        pages: 1500,
        step: 50,
    },
    Pair {
        name: "one row, two levels",
        rest: "/api/v2/crm/_table/contact/{}?related=customers.payments",
        query: "query($n: Int!) { crm_contact_by_pk(id: $n) { CONTACT customers { CUSTOMER payments { PAYMENT } } } }",
        pages: 50_000,
        step: 1,
    },
    Pair {
        name: "point read",
        rest: "/api/v2/crm/_table/contact/{}",
        query: "query($n: Int!) { crm_contact_by_pk(id: $n) { CONTACT } }",
        pages: 50_000,
        step: 1,
    },
];

/// The operation with a value of its variable.
fn url(query: &str, value: &str) -> String {
    url_of(&query.replace("CONTACT", CONTACT).replace("CUSTOMER", CUSTOMER).replace("PAYMENT", PAYMENT), value)
}

/// A query with a value of its variable `n`, by GET.
pub fn url_of(query: &str, value: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query = encoded(query).replace("NUMBER", "{}");
    format!("/graphql?query={query}&variables={}{value}{}", encoded("{\"n\":"), encoded("}"))
}

/// Measures on a proxy without a cache, and on one with it.
pub async fn measure(cold: &Server, warm: &Server, time: Duration) {
    println!(
        "\nGraphQL: CPU ms per request of the proxy, {CONNECTIONS} connections, median of {ROUNDS} rounds; ratio to REST\n"
    );
    println!("{:<24} {:<5} {:>8} {:>8} {:>6}", "", "", "REST", "GraphQL", "ratio");
    for pair in &PAIRS {
        let path = url(pair.query, "{}");
        for (name, server, pages) in [("cold", cold, pair.pages), ("warm", warm, WARM_PAGES)] {
            let mut rounds: [Vec<Measured>; 2] = Default::default();
            for _ in 0..ROUNDS {
                for (at, path) in [pair.rest, path.as_str()].into_iter().enumerate() {
                    rounds[at].push(load(server, Pages { path, pages, step: pair.step }, CONNECTIONS, time).await);
                }
            }
            let cpu = |at: usize| median(rounds[at].iter().map(|measured| measured.cpu_ms));
            let ratio = median(rounds[1].iter().zip(&rounds[0]).map(|(a, b)| a.cpu_ms / b.cpu_ms));
            println!("{:<24} {name:<5} {:>8.3} {:>8.3} {ratio:>6.2}", pair.name, cpu(0), cpu(1));
        }
    }
    // A document that is always another one, and the same that comes again; the rows come from memory.
    let query =
        "query qNUMBER($n: Int!) { crm_contact_by_pk(id: $n) { CONTACT customers { CUSTOMER payments { PAYMENT } } } }";
    let (again, new) = (url(&query.replace("NUMBER", ""), "{}"), url(query, "1"));
    let rest = PAIRS[1].rest;
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    for round in 1..=ROUNDS {
        // No name comes twice.
        let path = new.replace("{}", &format!("{round}_{{}}"));
        let mut cost = [0.0; 3];
        for (at, (path, pages)) in
            [(rest, WARM_PAGES), (again.as_str(), WARM_PAGES), (path.as_str(), u64::MAX / 2)].into_iter().enumerate()
        {
            cost[at] = load(warm, Pages { path, pages, step: 1 }, CONNECTIONS, time).await.cpu_ms;
        }
        rounds.push(cost);
    }
    let cost = |at: usize| median(rounds.iter().map(|cost| cost[at]));
    // What REST takes for the same rows is not spent on the document.
    let beyond = |at: usize| median(rounds.iter().map(|cost| (cost[at] - cost[0]).max(0.0)));
    println!(
        "\none row, two levels, warm, CPU ms: REST {:.3}, a document that comes again {:.3}, a new one {:.3}; beyond REST {:.3} and {:.3}: {:.0} times",
        cost(0),
        cost(1),
        cost(2),
        beyond(1),
        beyond(2),
        beyond(2) / beyond(1).max(0.001)
    );
}
