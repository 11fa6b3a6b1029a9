//! Crosskey: virtual foreign keys between tables of different databases, read in one call.
//!
//! The floors, from the ground up; a module uses only modules above it in this list (ARCHITECTURE.md has the picture).

pub mod error;
pub mod name;
pub mod telemetry;

pub mod value;

pub mod cache;
pub mod config;
pub mod query;
pub mod statement;

pub mod catalog;

pub mod plan;
pub mod source;

pub mod execute;

pub mod engine;

pub mod api;

pub mod server;

pub mod cli;
