//! A statement as people read it.

use crate::source::sql::dialect::{Dialect, Param};
use crate::source::sql::render::render;
use crate::statement::{Fetch, KeySet};
use crate::value::{Column, Scalar};

/// A statement as people read it.
pub struct Described {
    /// The text, with placeholders.
    pub text: String,
    /// What each placeholder stands for, never a value.
    pub parameters: Vec<String>,
}

/// The text, and what each parameter stands for.
pub fn describe(fetch: &Fetch, dialect: &dyn Dialect) -> Described {
    let sql = render(fetch, dialect);
    let typed = |column: &Column| format!("{} as {}", column.name, column.native);
    let keys = |keys: Option<&KeySet>| {
        let columns = keys.iter().flat_map(|keys| &keys.columns).map(|key| typed(&key.column)).collect::<Vec<_>>();
        format!("keys ({}), as JSON", columns.join(", "))
    };
    let key = |keys: Option<&KeySet>, at: usize| {
        let column = keys.and_then(|keys| keys.columns.get(at)).map(|key| typed(&key.column)).unwrap_or_default();
        format!("keys: array of {column}")
    };
    let shape = |param: &Param| match param {
        Param::Value(_, Some(column)) | Param::Stored(_, column) => typed(column),
        Param::Value(Scalar::Text(_), None) => "text".to_owned(),
        Param::Value(_, None) => "number".to_owned(),
        Param::Values(values) => format!("array of {}", values.len()),
        Param::KeyColumn(at) => key(fetch.keys.as_ref(), *at),
        Param::Keys => keys(fetch.keys.as_ref()),
        Param::GroupNumbers => "numbers of the keys' groups".to_owned(),
        Param::AmongColumn(among, at) => key(Some(among), *at),
        Param::Among(among) => keys(Some(among)),
    };
    Described { parameters: sql.params.iter().map(shape).collect(), text: sql.text }
}
