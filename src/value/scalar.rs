//! One value on its way to a database, always as a bound parameter.

use std::sync::Arc;

/// A value to bind. The adapter gives it the type of the column it is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// Meets nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// Text, also for exact numerics, dates and everything with a text form.
    Text(Arc<str>),
    /// Binary data.
    Bytes(Arc<[u8]>),
}

impl Scalar {
    /// Text, from anything like it.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Scalar::Text(text.into())
    }
}
