//! Whole reads, and the text of a lookup that is kept.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use crate::source::sql::condition::{also, where_condition};
use crate::source::sql::dialect::{Dialect, Sql};
use crate::source::sql::keys::json_path;
use crate::source::sql::output::{group_by, having, order_by, outputs, outputs_after, page};
use crate::source::sql::text::digits;
use crate::statement::{Fetch, Output};

/// The statement of a lookup that is sent again and again with other keys.
#[derive(Debug, Default)]
pub struct KeptSql(OnceLock<Arc<Sql>>);

/// Texts longer than this are not kept as prepared statements: few requests repeat them, and they take much memory.
pub const LONGEST_KEPT: usize = 8 * 1024;

/// Renders any read.
pub fn render(fetch: &Fetch, dialect: &dyn Dialect) -> Sql {
    let mut sql = Sql { text: String::with_capacity(256), params: Vec::new() };
    match &fetch.keys {
        None if fetch.outputs == [Output::Total] && !fetch.group.is_empty() => {
            sql.text.push_str("SELECT COUNT(*) FROM (SELECT 1 FROM ");
            dialect.table(&mut sql.text, &fetch.table);
            sql.text.push_str(" t");
            where_condition(&mut sql, fetch.condition.as_ref(), dialect);
            group_by(&mut sql, fetch, dialect);
            sql.text.push_str(") g");
        }
        None => {
            sql.text.push_str("SELECT ");
            outputs(&mut sql, fetch, dialect);
            sql.text.push_str(" FROM ");
            dialect.table(&mut sql.text, &fetch.table);
            sql.text.push_str(" t");
            where_condition(&mut sql, fetch.condition.as_ref(), dialect);
            group_by(&mut sql, fetch, dialect);
            order_by(&mut sql.text, fetch, dialect, "");
            page(&mut sql, fetch, dialect);
        }
        Some(keys) if (fetch.limit.is_some() || fetch.offset > 0) && json_path(keys).is_none() => {
            dialect.limited_lookup(&mut sql, fetch, keys);
        }
        Some(keys) => {
            sql.text.push_str("SELECT ");
            let ordinal = dialect.ordinal(keys);
            sql.text.push_str(&ordinal);
            outputs_after(&mut sql, fetch, dialect);
            dialect.lookup(&mut sql, fetch, keys);
            also(&mut sql, fetch, keys, dialect);
            if keys.groups.is_some() {
                let _ = write!(sql.text, " GROUP BY {ordinal}");
                having(&mut sql, fetch.having.as_ref(), dialect);
            } else if keys.ranked {
                // The position comes last, so that a row that one key finds twice stands beside itself.
                order_by(&mut sql.text, fetch, dialect, "");
                sql.text.push_str(if fetch.order.is_empty() { " ORDER BY " } else { ", " });
                sql.text.push_str(&ordinal);
            } else if !keys.unique {
                order_by(&mut sql.text, fetch, dialect, &ordinal);
            }
            // Leaves of documents are asked for by one key at a time where there is a limit.
            if fetch.limit.is_some() {
                page(&mut sql, fetch, dialect);
            } else {
                sql.text.push_str(" LIMIT ");
                digits(&mut sql.text, fetch.max_rows + 1);
            }
        }
    }
    sql
}

/// The same, kept where it is the same for all keys: those of a lookup are parameters, but in MySQL where it has a limit per
/// key.
pub fn rendered(fetch: &Fetch, kept: Option<&KeptSql>, dialect: &dyn Dialect) -> Arc<Sql> {
    let anew = || Arc::new(render(fetch, dialect));
    match kept.filter(|_| fetch.keys.is_some() && fetch.limit.is_none() && fetch.offset == 0) {
        Some(kept) => {
            let sql = kept.0.get_or_init(anew).clone();
            debug_assert_eq!(*sql, *anew(), "a text is kept for one form of lookup");
            sql
        }
        None => anew(),
    }
}
