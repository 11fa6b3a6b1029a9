//! A column and its type, in words that hold for all kinds of database.

use std::sync::Arc;

use crate::value::json::member;

/// What a column holds. Decides its JSON form (docs/types.md) and which keys it may meet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `boolean`, `tinyint(1)`.
    Bool,
    /// Integers of 8 to 64 bits.
    Int {
        /// Width in bits.
        bits: u8,
        /// False for MySQL's unsigned types.
        signed: bool,
    },
    /// Exact numerics; `precision` and `scale` in decimal digits, where declared.
    Decimal {
        /// Digits in all.
        precision: Option<u16>,
        /// Digits after the point.
        scale: Option<u16>,
    },
    /// Binary floating point.
    Float {
        /// 32 or 64.
        bits: u8,
    },
    /// Character data. `length` in characters; `fixed` for `char(n)`, whose padding is no content.
    Text {
        /// Longest value, where declared.
        length: Option<u32>,
        /// `char(n)`.
        fixed: bool,
    },
    /// 128-bit identifiers.
    Uuid,
    /// Binary data; `fixed` is the length in bytes of `binary(n)`.
    Bytes {
        /// `binary(n)`.
        fixed: Option<u32>,
    },
    /// A calendar date.
    Date,
    /// A time of day; fraction in digits.
    Time,
    /// Date and time without zone; `fraction` in digits of a second.
    Local {
        /// Digits of a second.
        fraction: u8,
    },
    /// A moment; `fraction` in digits of a second.
    Instant {
        /// Digits of a second.
        fraction: u8,
    },
    /// A JSON document.
    Json,
    /// A PostgreSQL array or composite value, given as JSON.
    Structured,
    /// One of the listed labels.
    Enum(Arc<[String]>),
    /// MySQL's `set`: labels joined by commas.
    Set,
    /// `bit(n)`, given as text of 0 and 1 where n > 1.
    Bit {
        /// Number of bits.
        length: u32,
    },
    /// MySQL's `year`.
    Year,
    /// SQLite columns without a strict type: each value shows as it is stored.
    Loose,
    /// Any other type, given as the database's own text.
    Other,
}

/// A column of a table or view.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Spelled as the database spells it.
    pub name: Arc<str>,
    /// The name as JSON, between the comma before it and its colon: `,"email":`.
    pub member: Arc<[u8]>,
    /// What it holds.
    pub ty: Type,
    /// The type as the database prints it, such as `character varying(64)`.
    pub native: Arc<str>,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// The default expression, as the database prints it.
    pub default: Option<Arc<str>>,
    /// Computed by the database; cannot be written.
    pub generated: bool,
    /// Filled by the database on insert (serial, identity, auto_increment, rowid).
    pub auto_increment: bool,
    /// The collation, for text.
    pub collation: Option<Arc<str>>,
    /// Whether the column's own `=` tells all different texts apart, bytewise.
    pub exact: bool,
    /// Whether the column's own `=` ignores the case of letters.
    pub case_insensitive: bool,
}

impl Column {
    /// A plain column; the introspection of each engine fills in the rest.
    pub fn new(name: &str, ty: Type, native: &str) -> Self {
        Self {
            name: name.into(),
            member: member(name),
            ty,
            native: native.into(),
            nullable: true,
            default: None,
            generated: false,
            auto_increment: false,
            collation: None,
            exact: true,
            case_insensitive: false,
        }
    }
}
