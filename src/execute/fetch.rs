//! One lookup statement: keys in the far columns' types, and the rows of each key brought together.

use std::sync::Arc;

use crate::execute::join;
use crate::execute::rows::RowRef;
use crate::plan::HopPlan;
use crate::statement::{Fetch, KeySet, SmallKey};
use crate::value::key::{KeyBuilder, fit};
use crate::value::{Chunk, Column, Key, KeyClass, Scalar, Type};

/// A fetch of the rows of these keys. Keys that the far columns cannot hold must have been left out before.
pub fn by_keys(fetch: &Fetch, hop: &HopPlan, keys: &[Key], ranked: bool) -> Fetch {
    Fetch { keys: Some(key_set(hop, keys, ranked)), ..fetch.clone() }
}

/// The keys of a statement, in the far columns' types.
pub fn key_set(hop: &HopPlan, keys: &[Key], ranked: bool) -> KeySet {
    KeySet {
        columns: hop.to.clone(),
        keys: values(hop, keys).collect(),
        unique: hop.unique,
        ranked,
        when: hop.when_to.clone(),
        groups: None,
    }
}

/// The values of each key.
pub fn values(hop: &HopPlan, keys: &[Key]) -> impl Iterator<Item = SmallKey> {
    // A key of NULLs matches nothing.
    let nothing = || hop.to.iter().map(|_| Scalar::Null).collect();
    keys.iter().map(move |key| scalars(hop, key).unwrap_or_else(nothing))
}

/// Whether the far columns can hold a key; where they cannot, no row matches.
pub fn fits(hop: &HopPlan, key: &Key) -> bool {
    // The usual cases need no values: text that the column takes as it is, and few digits.
    if let ([to], [class]) = (&hop.to[..], &hop.classes[..]) {
        let length = key.as_bytes().len();
        match (class, &to.column.ty) {
            (KeyClass::Text, Type::Text { fixed: false, length: most })
                if most.is_none_or(|most| length <= most as usize) =>
            {
                return true;
            }
            // An integer column of SQLite may hold fractions.
            (KeyClass::Int, Type::Int { bits: 32.., signed: true })
                if length <= 9 && !key.as_bytes().contains(&b'.') =>
            {
                return true;
            }
            _ => {}
        }
    }
    scalars(hop, key).is_some()
}

/// The key's values for the far columns; `None` where one of them cannot hold its part, so that no row matches.
pub fn scalars(hop: &HopPlan, key: &Key) -> Option<SmallKey> {
    let parts = key.parts(hop.to.len());
    hop.to
        .iter()
        .zip(&hop.classes)
        .zip(parts)
        .map(|((to, class), part)| {
            // A leaf of a JSON document takes any text.
            if to.path.is_empty() { fit(*class, part, &to.column) } else { leaf_scalar(*class, part) }
        })
        .collect()
}

fn leaf_scalar(class: KeyClass, part: &[u8]) -> Option<Scalar> {
    let text = Column::new(
        "",
        if class == KeyClass::Date { Type::Date } else { Type::Text { length: None, fixed: false } },
        "",
    );
    fit(class, part, &text)
}

/// Brings the rows of each key together, and drops what a coarser equality found beside them.
pub fn group(chunk: Chunk, keys: &[Key], hop: &HopPlan) -> (Arc<Chunk>, Vec<(u32, u32)>) {
    let chunk = recheck(Arc::new(chunk), keys, hop);
    // A unique key's rows need not stand together: there is one, or the first one counts.
    let sorted = hop.unique || chunk.ordinals().is_sorted();
    let chunk = if sorted { chunk } else { Arc::new(by_ordinal(&chunk)) };
    let mut ranges = vec![(0u32, 0u32); keys.len()];
    for (row, ordinal) in chunk.ordinals().iter().enumerate() {
        let range = &mut ranges[*ordinal as usize];
        if range.1 == 0 {
            range.0 = row as u32;
        }
        if !hop.unique || range.1 == 0 {
            range.1 += 1;
        }
    }
    (chunk, ranges)
}

fn by_ordinal(chunk: &Chunk) -> Chunk {
    let mut order: Vec<usize> = (0..chunk.rows()).collect();
    order.sort_by_key(|row| chunk.ordinals()[*row]);
    chunk.reordered(&order)
}

/// Keeps the rows whose canonical key is the asked one, each once per key, where the database may have found others.
pub fn recheck(shared: Arc<Chunk>, keys: &[Key], hop: &HopPlan) -> Arc<Chunk> {
    if !hop.recheck {
        return shared;
    }
    let mut builder = KeyBuilder::default();
    let mut last: Option<usize> = None;
    let leaf = !hop.to[0].path.is_empty();
    let kept: Vec<bool> = (0..shared.rows())
        .map(|row| {
            let ordinal = shared.ordinals()[row];
            let reference = RowRef { chunk: shared.clone(), row: row as u32 };
            let keep = join::holds(&mut builder, &reference, hop, &keys[ordinal as usize])
                && !(leaf
                    && last
                        .is_some_and(|last| shared.ordinals()[last] == ordinal && shared.same_row(last, &shared, row)));
            if keep {
                last = Some(row);
            }
            keep
        })
        .collect();
    Arc::new(shared.retain(|row| kept[row]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statement::{KeyColumn, Matching};

    proptest! {
        /// What is said without making a key's values is what making them says.
        #[test]
        fn keys_fit_whose_values_can_be_made(
            text in prop_oneof!["-?(0|[1-9][0-9]{0,20})(\\.[0-9]{0,3}[1-9])?", "[a-zé]{0,12}"],
            bits in prop_oneof![Just(8u8), Just(16), Just(24), Just(32), Just(64)],
            signed: bool,
            length in proptest::option::of(0u32..12),
            fixed: bool,
        ) {
            let number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')) && !text.is_empty();
            let forms = [
                (KeyClass::Int, Type::Int { bits, signed }),
                (KeyClass::Int, Type::Decimal { precision: Some(10), scale: Some(1) }),
                (KeyClass::Text, Type::Text { length, fixed }),
            ];
            for (class, ty) in forms.into_iter().filter(|(class, _)| number || *class == KeyClass::Text) {
                let to = KeyColumn { column: Arc::new(Column::new("c", ty, "")), path: Vec::new(), matching: Matching::Own };
                let hop = HopPlan::to_columns(vec![class], vec![to]);
                let key = Key::single(text.as_bytes());
                prop_assert_eq!(fits(&hop, &key), scalars(&hop, &key).is_some(), "{:?} {:?}", hop.to[0].column.ty, text);
            }
        }
    }
}
