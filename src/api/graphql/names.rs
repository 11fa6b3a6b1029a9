//! How GraphQL calls tables, columns and relationships: their own spelling, with what GraphQL does not allow replaced.

use std::collections::HashSet;

/// A name with `_` for each character that GraphQL does not allow. Names with two underscores before them are GraphQL's own.
pub fn plain(name: &str) -> String {
    let mut plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if plain.starts_with("__") || !plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        plain = format!("_{}", plain.trim_start_matches('_'));
    }
    if plain == "_" || plain.as_bytes().get(1).is_some_and(u8::is_ascii_digit) && plain.starts_with('_') {
        plain.insert(0, 'n');
    }
    plain
}

/// The type of a field's name: `crm_contact` → `CrmContact`.
pub fn type_of(field: &str) -> String {
    let mut name = String::with_capacity(field.len());
    for part in field.split('_').filter(|part| !part.is_empty()) {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("N{name}") } else { name }
}

/// Names that are taken already; a further one gets a number.
#[derive(Default)]
pub struct Taken {
    names: HashSet<String>,
    /// Names that were taken when they were wanted, and what was taken in their place.
    pub clashes: Vec<(String, String)>,
}

impl Taken {
    /// With these taken.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { names: names.into_iter().map(str::to_owned).collect(), clashes: Vec::new() }
    }

    /// Takes a name, or the first free one with a number, such that it and all names made of it are free.
    pub fn take(&mut self, name: &str, made: impl Fn(&str) -> Vec<String>) -> String {
        let numbered = (2u32..).map(|number| format!("{name}_{number}"));
        let mut all = std::iter::once(name.to_owned()).chain(numbered);
        let free =
            all.find(|name| !self.names.contains(name) && made(name).iter().all(|made| !self.names.contains(made)));
        let free = free.unwrap_or_default();
        self.names.extend(made(&free));
        self.names.insert(free.clone());
        if free != name {
            self.clashes.push((name.to_owned(), free.clone()));
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (name, expected) in [
            ("contact", "contact"),
            ("Total Price €", "Total_Price__"),
            ("2nd", "n_2nd"),
            ("__type", "_type"),
            ("_id", "_id"),
            ("é", "n_"),
            ("", "n_"),
        ] {
            assert_eq!(plain(name), expected, "{name}");
        }
        assert_eq!(type_of("crm_contact"), "CrmContact");
        assert_eq!(type_of("sales_InvoiceLine"), "SalesInvoiceLine");
        assert_eq!(type_of("_2_x"), "N2X");
    }

    #[test]
    fn taken_names_get_numbers() {
        let mut taken = Taken::new(["a", "bFilter"]);
        let made = |name: &str| vec![format!("{name}Filter")];
        assert_eq!(taken.take("a", made), "a_2");
        assert_eq!(taken.take("b", made), "b_2");
        assert_eq!(taken.take("c", made), "c");
        assert_eq!(taken.take("c", made), "c_2");
    }
}
