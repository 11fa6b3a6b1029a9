//! `/admin/sources`: how the databases, the cache and the key file are.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::api::catalog;
use crate::server::admin::answered;
use crate::server::health;
use crate::server::shared::Shared;
use crate::source::OpenSource;
use crate::value::time;

/// Slow statements that are shown.
const SLOW: usize = 20;

/// The path.
pub fn routes() -> Router<Shared> {
    Router::new().route("/admin/sources", get(show))
}

async fn show(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    answered(&headers, Ok(shown(&shared)))
}

fn shown(shared: &Shared) -> Value {
    let live = shared.engine.snapshot();
    let sources: Vec<Value> = live
        .sources
        .values()
        .map(|open| {
            let mut shown = catalog::source(&live, &open.config);
            if let Some(shown) = shown.as_object_mut() {
                shown.extend(facts(open).as_object().cloned().unwrap_or_default());
            }
            shown
        })
        .collect();
    let mut slow: Vec<_> = live
        .sources
        .values()
        .flat_map(|open| open.slowest().into_iter().map(|slow| (open.config.name.clone(), slow)))
        .collect();
    slow.sort_by_key(|(_, slow)| std::cmp::Reverse(slow.took));
    let slow = slow.into_iter().take(SLOW).map(|(source, slow)| {
        json!({
            "at": time::instant_of(slow.at), "source": source.as_str(), "table": slow.table,
            "kind": if slow.keys > 0 { "lookup" } else { "page" },
            "seconds": slow.took.as_secs_f64(), "rows": slow.rows, "keys": slow.keys,
        })
    });
    let cache = live.cache.as_ref();
    json!({
        "sources": sources,
        "cache": cache.map(|cache| json!({"bytes": cache.bytes(), "max_bytes": live.config.cache_bytes})),
        "lanes": {"count": live.lanes.count(), "keys": live.lanes.keys(|_| true)},
        "slow": slow.collect::<Vec<_>>(), "config": health::config(&shared.engine, &live),
        "version": env!("CARGO_PKG_VERSION"), "uptime": shared.started.elapsed().as_secs(),
    })
}

fn facts(open: &OpenSource) -> Value {
    let (pool, counts) = (open.adapter().pool(), open.counts());
    let ttl = open.config.cache_ttl;
    json!({
        "pool": {
            "max": open.config.connections, "open": pool.map(|pool| pool.open),
            "idle": pool.map(|pool| pool.open.saturating_sub(pool.busy)),
        },
        "statements": open.statements(), "errors": counts.errors, "seconds": counts.seconds,
        "lookup_keys": counts.lookup_keys,
        "cache": ttl.map(|ttl| json!({
            "ttl": ttl.as_secs_f64(), "hits": counts.cache_hits, "misses": counts.cache_misses,
            "refused_stale": counts.cache_refused_stale,
        })),
    })
}
