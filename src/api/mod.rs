//! Frontends: a client's words to a query, and rows back to a client's form.

pub mod catalog;
pub mod csv;
pub mod drafts;
pub mod error;
mod expand;
pub mod graphql;
pub mod json;
pub mod keys;
pub mod named;
mod refused;
pub mod rest;
