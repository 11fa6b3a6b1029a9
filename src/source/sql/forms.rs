//! Fetches that each dialect's tests print.

use std::sync::Arc;

use crate::name::{PathStep, TableName};
use crate::source::sql::dialect::Dialect;
use crate::source::sql::render::render;
use crate::statement::{Condition, Fetch, KeyColumn, KeySet, Matching, Output};
use crate::value::{Column, Scalar, Type};

fn key_set(columns: Vec<KeyColumn>) -> KeySet {
    KeySet { columns, keys: Vec::new(), unique: false, ranked: false, when: Vec::new(), groups: None }
}

/// By `id IN (1, …)`, with a limit, and perhaps by keys, none of which is there.
pub fn listed(values: i64, limit_per_key: bool) -> Fetch {
    let column = Arc::new(Column::new("id", Type::Int { bits: 64, signed: true }, ""));
    let key = KeyColumn { column: column.clone(), path: Vec::new(), matching: Matching::Own };
    Fetch {
        keys: limit_per_key.then(|| key_set(vec![key])),
        condition: Some(Condition::In(column.clone(), (1..=values).map(Scalar::Int).collect())),
        limit: Some(5),
        ..Fetch::all(TableName::new("contact"), vec![Output::Column(column)], 5, 1)
    }
}

/// The text of a lookup without a limit, and its parameters, are the same whichever keys it is by, and however many.
pub fn keys_are_parameters(dialect: &dyn Dialect) {
    let column = |name: &str, ty: Type| Arc::new(Column::new(name, ty, ""));
    let number = column("id", Type::Int { bits: 64, signed: true });
    let amount = column("amount", Type::Decimal { precision: Some(10), scale: Some(2) });
    let text = column("name", Type::Text { length: Some(20), fixed: false });
    let document = column("items", Type::Json);
    let whole = |column: &Arc<Column>, matching| KeyColumn { column: column.clone(), path: Vec::new(), matching };
    let leaf = |matching| KeyColumn {
        column: document.clone(),
        path: vec![PathStep::Each, PathStep::Member("product".into())],
        matching,
    };
    let forms = [
        vec![whole(&number, Matching::Own)],
        vec![whole(&amount, Matching::Own)],
        vec![whole(&text, Matching::Exact)],
        vec![whole(&text, Matching::IgnoreCase)],
        vec![whole(&number, Matching::Own), whole(&text, Matching::Own)],
        vec![leaf(Matching::LeafNumber)],
        vec![leaf(Matching::LeafText)],
        vec![leaf(Matching::LeafIgnoreCase)],
    ];
    for columns in forms {
        for (unique, condition) in [(true, None), (false, Some(Condition::IsNull(text.clone())))] {
            let count = columns.len();
            let when = vec![(text.clone(), Scalar::text("order"))];
            let sql = |values: Vec<Scalar>| {
                let keys = values.into_iter().map(|value| vec![value; count].into()).collect();
                let keys = KeySet { keys, unique, when: when.clone(), ..key_set(columns.clone()) };
                let outputs = vec![Output::Column(number.clone())];
                let fetch = Fetch::all(TableName::new("contact"), outputs, 5, 1);
                render(&Fetch { keys: Some(keys), condition: condition.clone(), ..fetch }, dialect)
            };
            let none = sql(Vec::new());
            let few = sql(vec![Scalar::Int(7)]);
            let many = sql((0..100).map(|number| Scalar::text(number.to_string())).chain([Scalar::Null]).collect());
            for other in [few, many] {
                assert_eq!((&none.text, &none.params), (&other.text, &other.params));
            }
        }
    }
}
