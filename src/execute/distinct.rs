//! Keys, each once, in order of first appearance.

use std::cell::OnceCell;
use std::hash::BuildHasher;
use std::sync::{LazyLock, OnceLock};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::value::Key;

/// Keys among which one is found by a look at each.
const FEW: usize = 8;

/// Distinct keys and their positions.
#[derive(Debug, Default)]
pub struct Distinct {
    keys: Vec<Key>,
    /// Made when a key is first looked for among more than a few.
    table: OnceLock<HashTable<u32>>,
}

/// A key's hash in every [`Distinct`] of this process. Its seed is random: stored values must not be able to collide on
/// purpose.
fn hash(key: &Key) -> u64 {
    static SEED: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);
    SEED.hash_one(key.as_bytes())
}

/// A key that is looked for in one [`Distinct`] after the other: it is hashed once, where that is needed.
pub struct Sought<'a> {
    /// The key.
    pub key: &'a Key,
    hash: OnceCell<u64>,
}

impl<'a> Sought<'a> {
    /// Looks for a key.
    pub fn new(key: &'a Key) -> Self {
        Self { key, hash: OnceCell::new() }
    }

    fn hash(&self) -> u64 {
        *self.hash.get_or_init(|| hash(self.key))
    }
}

impl Distinct {
    /// These keys as they stand. One that stands there twice stays so, and is found at either place.
    pub fn of(keys: Vec<Key>) -> Self {
        Self { keys, table: OnceLock::new() }
    }

    fn table(&self) -> &HashTable<u32> {
        self.table.get_or_init(|| {
            let mut table = HashTable::with_capacity(self.keys.len());
            for (key, at) in self.keys.iter().zip(0..) {
                table.insert_unique(hash(key), at, |at| hash(&self.keys[*at as usize]));
            }
            table
        })
    }

    /// The keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The keys alone.
    pub fn into_keys(self) -> Vec<Key> {
        self.keys
    }

    /// The position of a key.
    pub fn find(&self, sought: &Sought<'_>) -> Option<u32> {
        if self.keys.len() <= FEW {
            return self.keys.iter().position(|key| key == sought.key).map(|at| at as u32);
        }
        self.table().find(sought.hash(), |at| self.keys[*at as usize] == *sought.key).copied()
    }

    /// The position of a key, which is added where it is new.
    pub fn position(&mut self, key: Key) -> u32 {
        let at = self.keys.len() as u32;
        if self.keys.len() <= FEW {
            if let Some(known) = self.find(&Sought::new(&key)) {
                return known;
            }
            if self.keys.len() < FEW {
                self.keys.push(key);
                return at;
            }
        }
        self.table();
        let Distinct { keys, table } = self;
        let table = table.get_mut().expect("it was made just now");
        let is_it = |at: &u32| keys[*at as usize] == key;
        match table.entry(hash(&key), is_it, |at| hash(&keys[*at as usize])) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => {
                free.insert(at);
                keys.push(key);
                at
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_one_position_however_many_there_are() {
        let mut distinct = Distinct::default();
        let key_of = |number: usize| Key::single(number.to_string().as_bytes());
        for number in 0..100 {
            let key = key_of(number);
            assert_eq!(distinct.find(&Sought::new(&key)), None);
            assert_eq!(distinct.position(key), number as u32);
            for before in 0..=number {
                assert_eq!(distinct.position(key_of(before)), before as u32);
                assert_eq!(distinct.find(&Sought::new(&key_of(before))), Some(before as u32));
            }
            assert_eq!(distinct.keys().len(), number + 1);
        }
    }
    #[test]
    fn keys_as_they_stand_are_found() {
        let key_of = |number: usize| Key::single(number.to_string().as_bytes());
        for count in [1, 8, 9, 40] {
            let mut distinct = Distinct::of((0..count).map(key_of).chain([key_of(0)]).collect());
            for number in 1..count {
                assert_eq!(distinct.find(&Sought::new(&key_of(number))), Some(number as u32));
            }
            let first = distinct.position(key_of(0)) as usize;
            assert!(first == 0 || first == count, "{first}");
            assert_eq!(distinct.position(key_of(count)) as usize, count + 1);
        }
    }
}
