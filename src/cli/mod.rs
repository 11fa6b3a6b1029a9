//! The command line: commands, exit codes, and what they print.

mod audit;
mod commands;
mod demo;
mod explain;
mod import;
mod init;
mod output;
mod serve;

pub use commands::run;
