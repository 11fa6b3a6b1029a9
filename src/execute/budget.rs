//! What one request may read: rows and bytes, counted as they come, so that a request over its limits ends early.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::Limits;
use crate::execute::error::ExecuteError;

/// One request's account.
#[derive(Debug)]
pub struct Budget {
    rows: AtomicU64,
    bytes: AtomicU64,
    deciding: AtomicU64,
    row_limit: u64,
    byte_limit: u64,
    deciding_limit: u64,
}

impl Budget {
    /// As many rows may be read without being shown (of junctions, and beyond a limit per parent) as may be shown.
    pub fn new(limits: &Limits) -> Self {
        Self {
            rows: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            deciding: AtomicU64::new(0),
            deciding_limit: limits.filter_rows,
            row_limit: limits.rows.saturating_mul(2),
            byte_limit: limits.bytes,
        }
    }

    /// Notes rows and the bytes that hold them.
    pub fn spend(&self, rows: usize, bytes: usize) -> Result<(), ExecuteError> {
        let rows = self.rows.fetch_add(rows as u64, Ordering::Relaxed) + rows as u64;
        let bytes = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if rows > self.row_limit {
            return Err(ExecuteError::TooManyRowsRead { limit: self.row_limit });
        }
        if bytes > self.byte_limit {
            return Err(ExecuteError::TooManyBytes { limit: self.byte_limit });
        }
        Ok(())
    }

    /// Notes rows that are read only to decide which rows the answer has, or in which order.
    pub fn decide(&self, rows: usize, bytes: usize, table: &str) -> Result<(), ExecuteError> {
        let rows = self.deciding.fetch_add(rows as u64, Ordering::Relaxed) + rows as u64;
        if rows > self.deciding_limit {
            return Err(self.undecided(table));
        }
        self.spend(0, bytes)
    }

    /// How many more rows may be read to decide.
    pub fn left_to_decide(&self) -> u64 {
        self.deciding_limit.saturating_sub(self.deciding.load(Ordering::Relaxed))
    }

    /// That too many rows would have to be read to decide.
    pub fn undecided(&self, table: &str) -> ExecuteError {
        ExecuteError::Undecided { table: table.to_owned(), limit: self.deciding_limit }
    }

    /// Refuses more links between rows than rows may be read.
    pub fn allows_links(&self, links: u64) -> Result<(), ExecuteError> {
        if links > self.row_limit {
            return Err(ExecuteError::TooManyRowsRead { limit: self.row_limit });
        }
        Ok(())
    }
}
