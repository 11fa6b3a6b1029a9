//! Statements as SQL text with bound parameters. What differs between engines is asked of a [`Dialect`].
//!
//! A lookup joins the table with its keys, which travel as one parameter and keep their positions: one text serves
//! every number of keys, and no value is compared outside the database.

mod condition;
mod definition;
mod describe;
mod dialect;
#[cfg(test)]
mod forms;
mod keys;
mod output;
mod render;
mod text;

pub use condition::{also, condition, padded_list};
pub use definition::{create_index, rename};
pub use describe::{Described, describe};
pub use dialect::{Dialect, Param, Sql};
#[cfg(test)]
pub use forms::{keys_are_parameters, listed};
pub use keys::{is_numbered, json_path, keys_as_json};
pub use output::{order_by, outputs, outputs_after, standard_order};
pub use render::{KeptSql, LONGEST_KEPT, render, rendered};
pub use text::{column, column_text, digits, quoted, whatever};
