//! Names and numbers in a statement's text.

use crate::source::sql::dialect::Dialect;
use crate::value::Column;

/// Appends a number.
pub fn digits(text: &mut String, number: u64) {
    text.push_str(itoa::Buffer::new().format(number));
}

/// Appends a name between two marks; a mark within it is doubled.
pub fn quoted(text: &mut String, name: &str, mark: char) {
    text.push(mark);
    for c in name.chars() {
        if c == mark {
            text.push(mark);
        }
        text.push(c);
    }
    text.push(mark);
}

/// `t.name`, quoted.
pub fn column(text: &mut String, column: &Column, dialect: &dyn Dialect) {
    text.push_str("t.");
    dialect.quote(text, &column.name);
}

/// The text of `t.name`.
pub fn column_text(of: &Column, dialect: &dyn Dialect) -> String {
    let mut text = String::new();
    column(&mut text, of, dialect);
    text
}

/// Appends what is the same for every value of the column, and unknown for NULL.
pub fn whatever(text: &mut String, of: &Column, outcome: bool, dialect: &dyn Dialect) {
    column(text, of, dialect);
    text.push_str(if outcome { " = " } else { " <> " });
    column(text, of, dialect);
}
