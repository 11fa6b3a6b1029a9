//! Listening, routing, guarding: HTTP around the frontends.

mod answer;
mod conditional;
mod guard;
mod health;
mod listen;
mod router;
mod shared;
mod watch;

pub use listen::{Serving, serve};
pub use router::router;
