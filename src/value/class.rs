//! Key classes: which column types may meet in a foreign key, and by which notion of equality.

use serde::{Deserialize, Serialize};

use crate::value::column::{Column, Type};

/// How the key file asks for two columns to be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// Bytewise for text, by value for all else.
    #[default]
    Exact,
    /// Text, with ASCII letters of either case alike.
    IgnoreCase,
    /// Text that spells a number meets that number.
    Numeric,
    /// A `binary(16)` that stores a UUID with its time parts swapped (MySQL's `UUID_TO_BIN(x, 1)`).
    UuidSwapped,
    /// A date meets the date-times of that day at midnight.
    Date,
    /// Each column's own collation decides.
    Database,
}

/// The equality by which the values of a foreign key meet. Derived once, when the catalog is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyClass {
    /// Integers by value; booleans are 0 and 1.
    Int,
    /// Exact numerics by value.
    Decimal,
    /// Numbers, and text that spells one canonically.
    Numeric,
    /// 128-bit identifiers, whatever their spelling.
    Uuid,
    /// As `Uuid`, where a binary side has its time parts swapped.
    UuidSwapped,
    /// Text, bytewise, without Unicode normalisation.
    Text,
    /// Text, ASCII letters of either case alike.
    IgnoreCase,
    /// Text, as each column's own collation holds it.
    Database,
    /// Binary data.
    Bytes,
    /// Calendar dates.
    Date,
    /// Moments, to the microsecond.
    Instant,
    /// Date-times without zone.
    Local,
}

impl KeyClass {
    /// The class's name in messages and in the catalog.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyClass::Int => "int",
            KeyClass::Decimal => "decimal",
            KeyClass::Numeric => "numeric",
            KeyClass::Uuid => "uuid",
            KeyClass::UuidSwapped => "uuid_swapped",
            KeyClass::Text => "text",
            KeyClass::IgnoreCase => "ignore_case",
            KeyClass::Database => "database",
            KeyClass::Bytes => "bytes",
            KeyClass::Date => "date",
            KeyClass::Instant => "instant",
            KeyClass::Local => "local",
        }
    }
}

/// Derives the class of two columns, or says why they cannot meet. `leaf` tells that the referencing side is a path
/// into a JSON column, whose leaves may be numbers, texts or booleans.
pub fn derive(referencing: &Column, leaf: bool, referenced: &Column, compare: Compare) -> Result<KeyClass, String> {
    use KeyClass as K;
    if leaf {
        return derive_leaf(referenced, compare);
    }
    let (a, b) = (&referencing.ty, &referenced.ty);
    let class = match (kind(a), kind(b)) {
        (Kind::Int, Kind::Int) => K::Int,
        (Kind::Int | Kind::Decimal, Kind::Int | Kind::Decimal) => K::Decimal,
        (Kind::Int | Kind::Decimal, Kind::Text) | (Kind::Text, Kind::Int | Kind::Decimal) => K::Numeric,
        (Kind::Uuid, Kind::Uuid | Kind::Text | Kind::Bytes(None | Some(16)))
        | (Kind::Text | Kind::Bytes(None | Some(16)), Kind::Uuid)
        | (Kind::Text, Kind::Bytes(Some(16)))
        | (Kind::Bytes(Some(16)), Kind::Text) => K::Uuid,
        (Kind::Text, Kind::Text) => K::Text,
        (Kind::Bytes(Some(x)), Kind::Bytes(Some(y))) if x != y => {
            return Err(format!("binary({x}) and binary({y}) pad differently and can never be equal"));
        }
        (Kind::Bytes(_), Kind::Bytes(_)) => K::Bytes,
        (Kind::Date, Kind::Date) => K::Date,
        (Kind::Date, Kind::Local) | (Kind::Local, Kind::Date) if compare == Compare::Date => K::Date,
        (Kind::Date, Kind::Local) | (Kind::Local, Kind::Date) => {
            return Err("a date meets a date-time only with `compare = \"date\"`".into());
        }
        (Kind::Local, Kind::Local) => K::Local,
        (Kind::Instant, Kind::Instant) => K::Instant,
        (Kind::Local, Kind::Instant) | (Kind::Instant, Kind::Local) => {
            return Err("a date-time without zone is no moment, so it cannot meet one with a zone".into());
        }
        (Kind::No(reason), _) | (_, Kind::No(reason)) => return Err(reason.into()),
        _ => return Err("values of these types have no common form".into()),
    };
    refine(class, compare)
}

fn derive_leaf(referenced: &Column, compare: Compare) -> Result<KeyClass, String> {
    let class = match kind(&referenced.ty) {
        Kind::Int | Kind::Decimal => KeyClass::Numeric,
        Kind::Uuid => KeyClass::Uuid,
        Kind::Text => KeyClass::Text,
        Kind::Date => KeyClass::Date,
        Kind::No(reason) => return Err(reason.into()),
        Kind::Bytes(_) | Kind::Local | Kind::Instant => {
            return Err("a JSON value has no form of this type".into());
        }
    };
    refine(class, compare)
}

/// Applies the file's `compare` to the class that the types give.
fn refine(class: KeyClass, compare: Compare) -> Result<KeyClass, String> {
    use KeyClass as K;
    let wanted = |what: &str| Err(format!("`compare = \"{what}\"` does not go with the class {}", class.as_str()));
    match (compare, class) {
        (Compare::Exact, _) | (Compare::Date, K::Date) | (Compare::Numeric, K::Numeric) => Ok(class),
        (Compare::Numeric, K::Int | K::Decimal) => Ok(class),
        (Compare::Numeric, K::Text) => Ok(K::Numeric),
        (Compare::IgnoreCase, K::Text) => Ok(K::IgnoreCase),
        (Compare::Database, K::Text) => Ok(K::Database),
        (Compare::UuidSwapped, K::Uuid) => Ok(K::UuidSwapped),
        (Compare::IgnoreCase, _) => wanted("ignore_case"),
        (Compare::Numeric, _) => wanted("numeric"),
        (Compare::UuidSwapped, _) => wanted("uuid_swapped"),
        (Compare::Date, _) => wanted("date"),
        (Compare::Database, _) => wanted("database"),
    }
}

enum Kind {
    Int,
    Decimal,
    Uuid,
    Text,
    Bytes(Option<u32>),
    Date,
    Local,
    Instant,
    No(&'static str),
}

fn kind(ty: &Type) -> Kind {
    match ty {
        Type::Int { .. } | Type::Bool | Type::Year | Type::Decimal { scale: Some(0), .. } => Kind::Int,
        Type::Decimal { .. } => Kind::Decimal,
        Type::Uuid => Kind::Uuid,
        Type::Text { .. } | Type::Enum(_) => Kind::Text,
        Type::Bytes { fixed } => Kind::Bytes(*fixed),
        Type::Date => Kind::Date,
        Type::Local { .. } => Kind::Local,
        Type::Instant { .. } => Kind::Instant,
        Type::Float { .. } => Kind::No("floating-point numbers are not exact, so they cannot be keys"),
        Type::Loose => Kind::No(
            "a SQLite column of numeric or no affinity may hold any type, so it cannot be a key; declare it INTEGER or TEXT",
        ),
        Type::Json => Kind::No("a whole JSON document cannot be a key; name a path into it, such as `tags[]`"),
        Type::Structured => Kind::No("arrays and composite values cannot be keys"),
        Type::Set => Kind::No("a `set` cannot be a key"),
        Type::Bit { .. } => Kind::No("a `bit` string cannot be a key"),
        Type::Time => Kind::No("a time of day cannot be a key"),
        Type::Other => Kind::No("values of this type have no canonical form, so they cannot be keys"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: Type, b: Type, compare: Compare, expected: Result<KeyClass, &str>) {
        let (a, b) = (Column::new("a", a, ""), Column::new("b", b, ""));
        let derived = derive(&a, false, &b, compare);
        match (&derived, expected) {
            (Ok(class), Ok(wanted)) => assert_eq!(*class, wanted),
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
            _ => panic!("{derived:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn classes_follow_the_types() {
        let int = || Type::Int { bits: 32, signed: true };
        let text = || Type::Text { length: None, fixed: false };
        let decimal = |scale| Type::Decimal { precision: Some(10), scale: Some(scale) };
        check(int(), Type::Bool, Compare::Exact, Ok(KeyClass::Int));
        check(int(), decimal(0), Compare::Exact, Ok(KeyClass::Int));
        check(int(), decimal(2), Compare::Exact, Ok(KeyClass::Decimal));
        check(int(), text(), Compare::Exact, Ok(KeyClass::Numeric));
        check(text(), text(), Compare::IgnoreCase, Ok(KeyClass::IgnoreCase));
        check(Type::Uuid, text(), Compare::Exact, Ok(KeyClass::Uuid));
        check(text(), Type::Bytes { fixed: Some(16) }, Compare::UuidSwapped, Ok(KeyClass::UuidSwapped));
        check(int(), int(), Compare::IgnoreCase, Err("does not go with the class int"));
        check(Type::Float { bits: 64 }, int(), Compare::Exact, Err("not exact"));
        check(Type::Bytes { fixed: Some(4) }, Type::Bytes { fixed: Some(5) }, Compare::Exact, Err("pad differently"));
        check(Type::Local { fraction: 6 }, Type::Instant { fraction: 6 }, Compare::Exact, Err("no moment"));
        check(Type::Date, Type::Local { fraction: 0 }, Compare::Exact, Err("compare = \"date\""));
        check(Type::Loose, text(), Compare::Exact, Err("affinity"));
    }
}
