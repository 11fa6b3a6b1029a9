//! Databases made for one test, and the proxy over them without a socket.

pub mod databases;
pub mod proxy;
pub mod wire;
