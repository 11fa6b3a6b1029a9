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
    keys.iter().map(|key| scalars(hop, key).unwrap_or_default())
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
            (KeyClass::Int, Type::Int { bits: 32.., signed: true }) if length <= 9 => return true,
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
