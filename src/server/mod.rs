//! Listening, routing, guarding: HTTP around the frontends.

mod admin;
mod api;
mod body;
mod catalog;
mod conditional;
mod docs;
mod graphql;
mod guard;
mod health;
mod listen;
mod pages;
mod request_id;
mod service;
mod shared;
mod watch;

pub use listen::{Serving, serve};
pub use service::Service;
