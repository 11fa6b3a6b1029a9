//! Keys, each once, in order of first appearance.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::value::Key;

/// Distinct keys and their positions.
#[derive(Debug, Default)]
pub struct Distinct {
    keys: Vec<Key>,
    table: HashTable<u32>,
}

/// A key's hash in every [`Distinct`] of this process. Its seed is random: stored values must not be able to collide on
/// purpose.
pub fn hash(key: &Key) -> u64 {
    static SEED: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);
    SEED.hash_one(key.as_bytes())
}

impl Distinct {
    /// The keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The keys alone.
    pub fn into_keys(self) -> Vec<Key> {
        self.keys
    }

    /// The position of a key with this hash.
    pub fn find(&self, hash: u64, key: &Key) -> Option<u32> {
        self.table.find(hash, |at| self.keys[*at as usize] == *key).copied()
    }

    /// The position of a key, which is added where it is new.
    pub fn position(&mut self, key: Key) -> u32 {
        let Distinct { keys, table } = self;
        let is_it = |at: &u32| keys[*at as usize] == key;
        match table.entry(hash(&key), is_it, |at| hash(&keys[*at as usize])) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => {
                let at = keys.len() as u32;
                free.insert(at);
                keys.push(key);
                at
            }
        }
    }
}
