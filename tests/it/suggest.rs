//! Keys that nobody declared are found by their values, and hardly any that are none.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::databases::{Engine, create};
use crate::support::proxy::Proxy;
use crate::support::read;
use crate::volume::{layouts, scripts};

async fn suggested(proxy: &Proxy) -> BTreeSet<(String, String)> {
    let suggestions = proxy.engine.suggest(&mut |_, _| ()).await.expect("suggestions");
    for suggestion in &suggestions {
        assert!(suggestion.evidence().contains(" % of "), "{}", suggestion.evidence());
    }
    suggestions.into_iter().map(|suggestion| (suggestion.column, suggestion.references)).collect()
}

/// The demo's databases with no declaration of a key in any of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_demos_keys_are_found_without_any_declaration() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut urls = BTreeMap::new();
    let mut keys = String::new();
    for source in ["crm", "billing", "library", "shop"] {
        let script: Vec<String> = read(&format!("src/demo/{source}.sql")).lines().map(undeclared).collect();
        urls.insert(source.to_owned(), create(Engine::Sqlite, folder.path(), &script.join("\n")).await);
        keys += &format!("[sources.{source}]\nurl = \"${{{}_URL}}\"\n", source.to_uppercase());
    }
    let proxy = Proxy::open(folder.path(), &keys, &urls).await;
    let found = suggested(&proxy).await;
    let declared: toml::Table = toml::from_str(&read("src/demo/crosskey.toml")).expect("the demo's key file");
    let text = |value: &toml::Value| value.as_str().expect("a text").to_owned();
    let mut expected: BTreeSet<(String, String)> = declared["foreign_key"]
        .as_array()
        .expect("keys")
        .iter()
        .map(|key| (text(&key["column"]), text(&key["references"])))
        .collect();
    assert!(expected.len() >= 10);
    let native = [
        ("crm.contact_info.contact_id", "crm.contact.id"),
        ("billing.payment.customer_id", "billing.customer.id"),
        ("library.book.author_id", "library.author.id"),
        ("library.book_copy.book", "library.book.id"),
        ("library.book_shelf.shelf_id", "library.shelf.id"),
        ("library.book_shelf.book_id", "library.book.id"),
    ];
    expected.extend(native.map(|(column, references)| (column.to_owned(), references.to_owned())));
    let missed: Vec<_> = expected.difference(&found).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
    let wrong: Vec<_> = found.difference(&expected).collect();
    assert!(wrong.len() * 10 <= expected.len(), "suggested, but no keys: {wrong:?}");
}

/// A line of a table's definition without what it refers to.
fn undeclared(line: &str) -> String {
    let Some((before, behind)) = line.split_once(" references ") else { return line.to_owned() };
    format!("{before}{}", if behind.trim_end().ends_with(',') { "," } else { "" })
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_different_engines_are_compared() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), &scripts(up, 300).0).await),
            ("down".to_owned(), create(down, folder.path(), &scripts(down, 300).1).await),
        ]);
        let keys = "[sources.up]\nurl = \"${UP_URL}\"\n[sources.down]\nurl = \"${DOWN_URL}\"\n";
        let proxy = Proxy::open(folder.path(), keys, &urls).await;
        let expected = [("down.child.parent_code", "up.parent.code"), ("down.leaf.parent_id", "up.parent.id")];
        let expected = expected.map(|(column, references)| (column.to_owned(), references.to_owned()));
        assert_eq!(suggested(&proxy).await, BTreeSet::from(expected), "{up:?} {down:?}");
    }
}

/// The columns stand in the table from the weakest evidence to the strongest, so that no other order gives this one.
#[tokio::test(flavor = "multi_thread")]
async fn the_likeliest_come_first() {
    for (up, down) in layouts() {
        let folder = tempfile::tempdir().expect("a folder");
        let contacts: Vec<String> = (1..=40).map(|id| format!("({id}, '{id}@example.org')")).collect();
        let contacts = format!(
            "CREATE TABLE contact (id INTEGER NOT NULL PRIMARY KEY, email VARCHAR(40) NOT NULL UNIQUE);\n\
             INSERT INTO contact VALUES {}",
            contacts.join(", ")
        );
        // Of twenty values, one or two lead nowhere.
        let lost = |id: i32, lost: i32| if id <= lost { 900 + id } else { id };
        let visit = |id: i32| {
            let (two, one) = (lost(id, 2), lost(id, 1));
            format!("({id}, '{two}@example.org', '{id}@example.org', {two}, {one}, {id})")
        };
        let visits = format!(
            "CREATE TABLE visit (id INTEGER NOT NULL PRIMARY KEY, sender VARCHAR(40), receiver VARCHAR(40),\n\
             guest_contact_id INTEGER, host_contact_id INTEGER, contact_id INTEGER);\nINSERT INTO visit VALUES {}",
            (1..=20).map(visit).collect::<Vec<_>>().join(", ")
        );
        let urls = BTreeMap::from([
            ("up".to_owned(), create(up, folder.path(), &contacts).await),
            ("down".to_owned(), create(down, folder.path(), &visits).await),
        ]);
        let keys = "[sources.up]\nurl = \"${UP_URL}\"\n[sources.down]\nurl = \"${DOWN_URL}\"\n";
        let proxy = Proxy::open(folder.path(), keys, &urls).await;
        let ranked = proxy.engine.suggest(&mut |_, _| ()).await.expect("suggestions");
        let told: Vec<(&str, bool, usize)> =
            ranked.iter().map(|of| (&*of.column, of.named, of.contained.found)).collect();
        // A fitting name is more than any share of the values; among equals in that the share decides.
        let expected = [
            ("down.visit.contact_id", true, 20),
            ("down.visit.host_contact_id", true, 19),
            ("down.visit.guest_contact_id", true, 18),
            ("down.visit.receiver", false, 20),
            ("down.visit.sender", false, 18),
        ];
        assert_eq!(told, expected, "{up:?} {down:?}");
    }
}
