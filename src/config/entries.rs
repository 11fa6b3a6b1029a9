//! What entries of the file that name tables mean: foreign keys, many-to-many relationships, and shapes of documents.

use indexmap::IndexMap;
use toml::Spanned;

use crate::config::check::Check;
use crate::config::checked::{JsonShape, ManyMany, Source, VirtualKey};
use crate::config::file::{KeyFile, ManyManyFile, OneOrMany, ShapeFile};
use crate::config::path::{ColumnPath, Schemas, column_path, member_path, table_path};
use crate::name::SourceName;

/// The sources of a file.
pub(super) struct Known<'a> {
    pub(super) sources: &'a IndexMap<SourceName, Source>,
    /// All that the file names, also those that were left out.
    pub(super) declared: &'a [String],
}

impl Known<'_> {
    /// Whether a path is of a source that is in the file but faulty, so that nothing can be said of it.
    fn is_left_out(&self, path: &str) -> bool {
        let source = path.split('.').next().unwrap_or_default().trim();
        self.declared.iter().any(|name| name == source) && !self.sources.contains_key(source)
    }
}

impl Schemas for Known<'_> {
    fn further_schemas(&self, source: &str) -> Option<&[String]> {
        self.sources.get(source).map(|source| &source.schemas[1..])
    }
    fn source_names(&self) -> Vec<&str> {
        self.sources.keys().map(SourceName::as_str).collect()
    }
}

impl Check<'_> {
    pub(super) fn key(&mut self, spanned: &Spanned<KeyFile>, known: &Known<'_>) -> Option<VirtualKey> {
        let key = spanned.get_ref();
        let columns = self.columns(&key.column, known);
        let references = self.columns(&key.references, known);
        let (columns, references) = (columns?, references?);
        if columns.len() != references.len() {
            let message =
                format!("the foreign key has {}, but references {}", count(columns.len()), count(references.len()));
            self.fault(key.references.span(), message).hint_last("give both sides as arrays of equal length");
            return None;
        }
        if columns == references {
            self.fault(key.references.span(), "the key refers to its own column, so it says nothing")
                .hint_last("name the columns that the values must be found in");
            return None;
        }
        if let Some(path) = references.iter().find(|path| !path.path.is_empty()) {
            self.fault(
                key.references.span(),
                format!("`{path}` steps into a JSON document, but only plain columns can be referenced"),
            );
            return None;
        }
        if columns.len() > 1 && columns.iter().any(|path| !path.path.is_empty()) {
            self.fault(key.column.span(), "a composite key cannot step into JSON documents")
                .hint_last("split it, or use plain columns");
            return None;
        }
        if columns[0].path.len() > 16 {
            self.fault(key.column.span(), "the JSON path has more than 16 steps");
            return None;
        }
        for name in [&key.name, &key.inverse].into_iter().flatten() {
            self.relationship_name(name);
        }
        let place = |spanned: Option<std::ops::Range<usize>>, default: &std::ops::Range<usize>| {
            self.place(spanned.unwrap_or_else(|| default.clone()))
        };
        Some(VirtualKey {
            column_place: place(None, &key.column.span()),
            references_place: place(None, &key.references.span()),
            name_place: place(key.name.as_ref().map(Spanned::span), &key.column.span()),
            inverse_place: place(key.inverse.as_ref().map(Spanned::span), &key.references.span()),
            when_place: place(
                key.when.first().map(|(name, value)| name.span().start..value.span().end),
                &key.column.span(),
            ),
            columns,
            references,
            name: key.name.as_ref().map(|name| name.get_ref().clone()),
            inverse: key.inverse.as_ref().map(|name| name.get_ref().clone()),
            compare: key.compare,
            on_delete: key.on_delete,
            on_update: key.on_update,
            enforce: key.enforce,
            unique_assumed: key.unique.is_some(),
            when: key.when.iter().map(|(name, value)| (name.get_ref().clone(), value.get_ref().clone())).collect(),
        })
    }

    pub(super) fn json_shape(&mut self, shape: &ShapeFile, known: &Known<'_>) -> Option<JsonShape> {
        if known.is_left_out(shape.column.get_ref()) {
            return None;
        }
        let column = match column_path(shape.column.get_ref(), known) {
            Ok(path) if path.path.is_empty() => path,
            Ok(path) => {
                self.fault(shape.column.span(), format!("`{path}` steps into a document"))
                    .hint_last("name the column here, and the steps in `members`");
                return None;
            }
            Err(reason) => {
                self.fault(shape.column.span(), reason);
                return None;
            }
        };
        let mut members = Vec::new();
        for (text, ty) in &shape.members {
            match member_path(text.get_ref()) {
                Ok(path) if path.len() > 16 => drop(self.fault(text.span(), "the JSON path has more than 16 steps")),
                Ok(path) => members.push((path, *ty)),
                Err(reason) => drop(self.fault(text.span(), reason)),
            }
        }
        let column_place = self.place(shape.column.span());
        Some(JsonShape { table: column.table, column: column.column, members, column_place })
    }

    fn relationship_name(&mut self, name: &Spanned<String>) {
        let text = name.get_ref();
        let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if text.is_empty() || !plain || text.starts_with('.') || text.ends_with('.') || text.contains("..") {
            self.fault(name.span(), format!("`{text}` cannot be a relationship's name"))
                .hint_last("use letters, digits, `_`, `-` and dots");
        }
    }

    fn columns(&mut self, texts: &Spanned<OneOrMany>, known: &Known<'_>) -> Option<Vec<ColumnPath>> {
        let mut paths: Vec<ColumnPath> = Vec::new();
        for text in texts.get_ref().as_slice() {
            if known.is_left_out(text) {
                return None;
            }
            match column_path(text, known) {
                Ok(path) => paths.push(path),
                Err(reason) => {
                    self.fault(texts.span(), reason);
                    return None;
                }
            }
        }
        let first = match paths.first() {
            Some(first) => first,
            None => {
                self.fault(texts.span(), "no column is named");
                return None;
            }
        };
        if let Some(other) = paths.iter().find(|path| path.table != first.table) {
            let message = format!(
                "the columns of a key must be of one table, but these are of {} and {}",
                first.table, other.table
            );
            self.fault(texts.span(), message);
            return None;
        }
        if let Some(twice) = paths.iter().enumerate().find(|(at, path)| paths[..*at].contains(path)) {
            let message = format!("`{}` stands in the key twice", twice.1);
            self.fault(texts.span(), message);
            return None;
        }
        Some(paths)
    }

    pub(super) fn many_many(&mut self, spanned: &Spanned<ManyManyFile>, known: &Known<'_>) -> Option<ManyMany> {
        let file = spanned.get_ref();
        let mut table = |text: &Spanned<String>| match table_path(text.get_ref(), known) {
            _ if known.is_left_out(text.get_ref()) => None,
            Ok(table) => Some(table),
            Err(reason) => {
                self.fault(text.span(), reason);
                None
            }
        };
        let (seen_from, through) = (table(&file.table), table(&file.through));
        for name in [&file.name, &file.inverse].into_iter().flatten() {
            self.relationship_name(name);
        }
        let keys = match &file.keys {
            Some(names) => match <[String; 2]>::try_from(names.get_ref().clone()) {
                Ok([near, far]) if near == far => {
                    self.fault(names.span(), "`keys` names the same relationship twice");
                    return None;
                }
                Ok(names) => Some(names),
                Err(_) => {
                    self.fault(names.span(), "`keys` names exactly two relationships of the junction")
                        .hint_last("first the one towards `table`");
                    return None;
                }
            },
            None => None,
        };
        Some(ManyMany {
            table: seen_from?,
            through: through?,
            name: file.name.as_ref().map(|name| name.get_ref().clone()),
            inverse: file.inverse.as_ref().map(|name| name.get_ref().clone()),
            keys,
            table_place: self.place(file.table.span()),
            through_place: self.place(file.through.span()),
        })
    }
}

fn count(columns: usize) -> String {
    if columns == 1 { "1 column".into() } else { format!("{columns} columns") }
}
