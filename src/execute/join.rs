//! The in-memory half of a join: keys out of near rows, far rows back to them. Pure.

use crate::execute::distinct::Distinct;
use crate::execute::rows::{Links, NONE, RowRef};
use crate::name::PathStep;
use crate::plan::HopPlan;
use crate::value::key::KeyBuilder;
use crate::value::{Column, Key, KeyClass, Type};

/// The distinct keys of a level, and which key each row has.
#[derive(Debug)]
pub struct Gathered {
    /// Each key once, in order of first appearance.
    pub keys: Vec<Key>,
    /// Per near row, positions in `keys`.
    pub links: Links,
}

/// Collects the keys by which near rows refer.
pub fn gather(rows: &[RowRef], hop: &HopPlan) -> Gathered {
    let mut distinct = Distinct::default();
    let mut links = Links::with_capacity(rows.len(), rows.len());
    let mut builder = KeyBuilder::default();
    let path = hop.from.first().map(|cell| &cell.path[..]).unwrap_or_default();
    for row in rows {
        if refers(row, hop) {
            if !path.is_empty() {
                let cell = &hop.from[0];
                for key in leaf_keys(&mut builder, hop.classes[0], &cell.column, row.cell(cell.cell), path) {
                    links.push(distinct.position(key));
                }
            } else if let Some(key) = row_key(&mut builder, row, hop) {
                links.push(distinct.position(key));
            }
        }
        links.end_row();
    }
    Gathered { keys: distinct.into_keys(), links }
}

/// Whether a row has the fixed values under which its key refers to anything.
fn refers(row: &RowRef, hop: &HopPlan) -> bool {
    hop.when_from.iter().all(|(cell, text, padded)| {
        let found = row.cell(*cell);
        found == &text[..] || *padded && crate::value::json::same_unpadded(found, text)
    })
}

fn row_key(builder: &mut KeyBuilder, row: &RowRef, hop: &HopPlan) -> Option<Key> {
    match &hop.from[..] {
        [cell] => builder.single(hop.classes[0], &cell.column, row.cell(cell.cell)),
        cells => builder.composite(
            cells.iter().zip(&hop.classes).map(|(cell, class)| (*class, &*cell.column, row.cell(cell.cell))),
        ),
    }
}

/// Per near row one link for each leaf that its key's path leads to, in the document's order; [`NONE`] for a leaf that is
/// no key, or of a row to which the key does not apply.
pub fn gather_leaves(rows: &[RowRef], hop: &HopPlan) -> Gathered {
    let mut distinct = Distinct::default();
    let mut links = Links::with_capacity(rows.len(), rows.len());
    let mut builder = KeyBuilder::default();
    let cell = &hop.from[0];
    for row in rows {
        let refers = refers(row, hop);
        let mut link = |key: Option<Key>| {
            links.push(key.filter(|_| refers).map_or(NONE, |key| distinct.position(key)));
        };
        if cell.path.is_empty() {
            link(row_key(&mut builder, row, hop));
        } else if let Some(value) = document(&cell.column, row.cell(cell.cell)) {
            walk(&value, &cell.path, &mut |leaf| link(leaf_key(&mut builder, hop.classes[0], &cell.column, leaf)));
        }
        links.end_row();
    }
    Gathered { keys: distinct.into_keys(), links }
}

/// References of a row whose values can be no key of the other side, so that they lead nowhere: each as its values' texts.
/// NULLs, and leaves that are null, objects or arrays, refer to nothing.
pub fn unreadable(row: &RowRef, hop: &HopPlan) -> Vec<Vec<String>> {
    let text = crate::value::json::plain_text;
    if !refers(row, hop) {
        return Vec::new();
    }
    let mut builder = KeyBuilder::default();
    let cells = || hop.from.iter().map(|cell| row.cell(cell.cell));
    if hop.from[0].path.is_empty() {
        let is_one = cells().all(|cell| cell != b"null") && row_key(&mut builder, row, hop).is_none();
        return if is_one { vec![cells().map(text).collect()] } else { Vec::new() };
    }
    let mut found = Vec::new();
    let cell = &hop.from[0];
    if let Some(value) = document(&cell.column, row.cell(cell.cell)) {
        walk(&value, &cell.path, &mut |leaf| {
            let scalar = leaf.is_string() || leaf.is_number() || leaf.is_boolean();
            if scalar && leaf_key(&mut builder, hop.classes[0], &cell.column, leaf).is_none() {
                found.push(vec![text(leaf.to_string().as_bytes())]);
            }
        });
    }
    found
}

/// The keys that a path into a JSON document leads to, in the document's order, repeats included.
pub fn leaf_keys(
    builder: &mut KeyBuilder,
    class: KeyClass,
    column: &Column,
    document: &[u8],
    path: &[PathStep],
) -> Vec<Key> {
    let mut keys = Vec::new();
    if let Some(value) = self::document(column, document) {
        walk(&value, path, &mut |leaf| keys.extend(leaf_key(builder, class, column, leaf)));
    }
    keys
}

/// A cell's document; none where it holds none.
pub fn document(column: &Column, cell: &[u8]) -> Option<serde_json::Value> {
    // A document in a text column arrives as a JSON string that holds JSON.
    let unwrapped = match cell.first() {
        Some(b'"') if column.ty != Type::Json => crate::value::json::read_str(cell),
        _ => None,
    };
    let text = unwrapped.as_deref().map_or(cell, str::as_bytes);
    // Half a surrogate pair, as JavaScript escapes it, is no text; it must not hide the document's other keys.
    serde_json::from_slice(text).or_else(|_| serde_json::from_slice(&without_half_surrogates(text))).ok()
}

/// The escapes of half surrogate pairs replaced.
fn without_half_surrogates(document: &[u8]) -> Vec<u8> {
    let mut text = document.to_vec();
    let mut at = 0;
    while at + 5 < text.len() {
        let surrogate = |at: usize| match text.get(at..at + 4) {
            Some([b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']) => Some(true),
            Some([b'\\', b'u', b'd' | b'D', b'c'..=b'f' | b'C'..=b'F']) => Some(false),
            _ => None,
        };
        at += match (surrogate(at), surrogate(at + 6)) {
            (Some(true), Some(false)) => 12,
            (Some(_), _) => {
                text[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            (None, _) if text[at] == b'\\' => 2,
            (None, _) => 1,
        };
    }
    text
}

fn walk(value: &serde_json::Value, path: &[PathStep], found: &mut dyn FnMut(&serde_json::Value)) {
    match path.split_first() {
        None => found(value),
        Some((PathStep::Member(name), rest)) => {
            if let Some(member) = value.get(&**name) {
                walk(member, rest, found);
            }
        }
        Some((PathStep::Each, rest)) => {
            for element in value.as_array().into_iter().flatten() {
                walk(element, rest, found);
            }
        }
    }
}

/// The key that one leaf of a document is; none where it refers to nothing.
pub fn leaf_key(builder: &mut KeyBuilder, class: KeyClass, column: &Column, leaf: &serde_json::Value) -> Option<Key> {
    let text = match leaf {
        serde_json::Value::Number(number) => plain_number(&number.to_string())?,
        serde_json::Value::String(_) | serde_json::Value::Bool(_) => leaf.to_string(),
        _ => return None,
    };
    builder.single(class, column, text.as_bytes())
}

/// A JSON number without exponent; none beyond a thousand digits.
fn plain_number(text: &str) -> Option<String> {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return Some(text.to_owned()) };
    let exponent: i32 =
        exponent.trim_start_matches('+').parse().ok().filter(|exponent: &i32| exponent.abs() <= 1000)?;
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let point = whole.len() as i32 + exponent;
    Some(match usize::try_from(point) {
        Ok(0) | Err(_) => format!("{sign}0.{}{all}", "0".repeat(point.unsigned_abs() as usize)),
        Ok(point) if point >= all.len() => format!("{sign}{all}{}", "0".repeat(point - all.len())),
        Ok(point) => format!("{sign}{}.{}", &all[..point], &all[point..]),
    })
}

/// Whether a far row really holds a key: the database may have found it by a coarser equality.
pub fn holds(builder: &mut KeyBuilder, row: &RowRef, hop: &HopPlan, key: &Key) -> bool {
    let path = &hop.to[0].path;
    if path.is_empty() {
        let cells = hop
            .to
            .iter()
            .zip(&hop.to_cells)
            .zip(&hop.classes)
            .map(|((to, cell), class)| (*class, &*to.column, row.cell(*cell)));
        let found = match &hop.to_cells[..] {
            [cell] => builder.single(hop.classes[0], &hop.to[0].column, row.cell(*cell)),
            _ => builder.composite(cells),
        };
        return found.as_ref() == Some(key);
    }
    leaf_keys(builder, hop.classes[0], &hop.to[0].column, row.cell(hop.to_cells[0]), path).contains(key)
}

/// How many links composing two would give.
pub fn composed(near: &Links, far: &Links) -> u64 {
    (0..near.rows()).flat_map(|row| near.of(row)).map(|item| far.of(*item as usize).len() as u64).sum()
}

/// From near rows over keys to far rows: each near row gets the far rows of its keys, in the keys' order.
pub fn compose(near: &Links, far: &Links) -> Links {
    let mut links = Links::with_capacity(near.rows(), near.rows());
    for row in 0..near.rows() {
        for item in near.of(row) {
            for far_item in far.of(*item as usize) {
                links.push(*far_item);
            }
        }
        links.end_row();
    }
    links
}

/// Leaves out far rows, and the links to them.
pub fn without(links: &Links, rows: Vec<RowRef>, keep: impl Fn(usize) -> bool) -> (Links, Vec<RowRef>) {
    let mut moved = Vec::with_capacity(rows.len());
    let mut kept = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        moved.push(keep(at).then_some(kept.len() as u32));
        if moved[at].is_some() {
            kept.push(row);
        }
    }
    let mut result = Links::with_capacity(links.rows(), kept.len());
    for row in 0..links.rows() {
        result.current().extend(links.of(row).iter().filter_map(|item| moved[*item as usize]));
        result.end_row();
    }
    (result, kept)
}

/// Puts far rows in another order; the links go on leading to the same ones.
pub fn arranged(links: &Links, rows: &[RowRef], order: &[u32]) -> (Links, Vec<RowRef>) {
    let mut moved = vec![0u32; rows.len()];
    order.iter().enumerate().for_each(|(at, row)| moved[*row as usize] = at as u32);
    let mut result = Links::with_capacity(links.rows(), rows.len());
    for row in 0..links.rows() {
        result.current().extend(links.of(row).iter().map(|item| moved[*item as usize]));
        result.end_row();
    }
    (result, order.iter().map(|row| rows[*row as usize].clone()).collect())
}

/// Puts each near row's far rows in order of rank (their position), then keeps a part of them.
pub fn cut(links: &Links, ranked: bool, part: Option<(u64, Option<u64>)>) -> Links {
    let mut result = Links::with_capacity(links.rows(), links.rows());
    let mut buffer = Vec::new();
    for row in 0..links.rows() {
        buffer.clear();
        buffer.extend_from_slice(links.of(row));
        if ranked {
            buffer.sort_unstable();
        }
        let (offset, limit) = part.unwrap_or((0, None));
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        result.current().extend(buffer.iter().skip(offset).take(limit));
        result.end_row();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(rows: &[&[u32]]) -> Links {
        let mut links = Links::with_capacity(rows.len(), 0);
        for row in rows {
            row.iter().for_each(|item| links.push(*item));
            links.end_row();
        }
        links
    }

    #[test]
    fn composing_keeps_order_and_repeats() {
        let near = links(&[&[1, 0, 1], &[], &[2]]);
        let far = links(&[&[10], &[11, 12], &[]]);
        assert_eq!(compose(&near, &far), links(&[&[11, 12, 10, 11, 12], &[], &[]]));
    }

    #[test]
    fn cutting_is_per_near_row() {
        let all = links(&[&[5, 3, 4], &[9], &[]]);
        assert_eq!(cut(&all, true, Some((1, Some(1)))), links(&[&[4], &[], &[]]));
        assert_eq!(cut(&all, false, Some((0, Some(2)))), links(&[&[5, 3], &[9], &[]]));
    }

    #[test]
    fn exponents_are_written_out() {
        let plain = |text| plain_number(text).expect("a number of moderate size");
        assert_eq!(["1e2", "1.5E+1", "-12e-3", "5e0", "120e-1"].map(plain), ["100", "15", "-0.012", "5", "12.0"]);
        assert_eq!(plain_number("1e99999"), None);
    }

    #[test]
    fn half_a_surrogate_pair_hides_no_other_key() {
        let column = Column::new("tags", crate::value::Type::Json, "json");
        let keys =
            leaf_keys(&mut KeyBuilder::default(), KeyClass::Text, &column, br#"["\ud800", "b"]"#, &[PathStep::Each]);
        assert_eq!(keys.last(), Some(&Key::single(b"b")));
        let pair = br#"["\ud800", "\ud83d\ude00", "\\ud83d"]"#;
        let keys = leaf_keys(&mut KeyBuilder::default(), KeyClass::Text, &column, pair, &[PathStep::Each]);
        assert_eq!(keys[1..], [Key::single("😀".as_bytes()), Key::single(br"\ud83d")]);
    }

    #[test]
    fn leaves_are_found_at_any_depth() {
        let column = Column::new("items", crate::value::Type::Json, "jsonb");
        let path = [PathStep::Each, PathStep::Member("product".into())];
        let document = br#"[{"product":"a"},{"product":null},{"x":1},{"product":"b"},{"product":"a"},{"product":{}}]"#;
        let keys = leaf_keys(&mut KeyBuilder::default(), KeyClass::Text, &column, document, &path);
        assert_eq!(keys, [Key::single(b"a"), Key::single(b"b"), Key::single(b"a")]);
        assert_eq!(leaf_keys(&mut KeyBuilder::default(), KeyClass::Text, &column, b"null", &path), []);
    }
}
