//! Settings that belong to the file but that this version does not have yet. They are refused, never ignored.

/// Dotted paths of settings of a later version; `*` stands for any source.
const LATER: &[&str] = &[
    "auth",
    "role",
    "graphql",
    "server.tls",
    "server.cors",
    "cache.redis",
    "sources.*.tls",
    "sources.*.role",
    "sources.*.credentials",
    "sources.*.finish",
    "sources.*.cache.on_stream_loss",
];

/// Whether a setting is known for a later version.
pub fn is_later(path: &[&str]) -> bool {
    LATER.iter().any(|later| {
        let steps: Vec<&str> = later.split('.').collect();
        steps.len() == path.len() && steps.iter().zip(path).all(|(step, part)| *step == "*" || step == part)
    })
}
