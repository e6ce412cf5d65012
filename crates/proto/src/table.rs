//! A sorted table: what a `BTreeMap` does, in a twentieth of its code.
//!
//! Keys here are mostly numbers that grow, added at the end and taken out near the beginning or the
//! end; both are cheap. In the middle an entry costs moving a few words for each one after it.

use std::{borrow::Borrow, collections::VecDeque};

/// Values by key, in the order of the keys.
#[derive(Debug)]
pub struct Table<K, V> {
    entries: VecDeque<(K, Box<V>)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { entries: VecDeque::new() }
    }
}

impl<K: Ord, V> Table<K, V> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts a value under a key; gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => self.entries.get_mut(at).map(|(_, old)| std::mem::replace(&mut **old, value)),
            Err(at) => {
                self.entries.insert(at, (key, Box::new(value)));
                None
            }
        }
    }

    /// Takes a value out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries.remove(at).map(|(_, value)| *value)
    }

    /// The value of a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries.get(at).map(|(_, value)| &**value)
    }

    /// The value of a key, to be changed.
    #[must_use]
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries.get_mut(at).map(|(_, value)| &mut **value)
    }

    /// The entry with the smallest key.
    #[must_use]
    pub fn first(&self) -> Option<(&K, &V)> {
        self.entries.front().map(|(key, value)| (key, &**value))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, &**value))
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| &mut **value)
    }

    /// The values.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.entries.into_iter().map(|(_, value)| *value)
    }

    /// Where a key is, or would be.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.entries.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Table;

    proptest! {
        #[test]
        fn it_does_what_a_map_does(steps: Vec<(bool, u8, u32)>) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for (is_insert, key, value) in steps {
                if is_insert {
                    prop_assert_eq!(table.insert(key, value), map.insert(key, value));
                } else {
                    prop_assert_eq!(table.remove(&key), map.remove(&key));
                }
                prop_assert_eq!(table.get(&key), map.get(&key));
                prop_assert_eq!(table.get_mut(&key), map.get_mut(&key));
                prop_assert_eq!(table.first(), map.first_key_value());
                prop_assert_eq!((table.len(), table.is_empty()), (map.len(), map.is_empty()));
            }
            prop_assert!(table.iter().eq(map.iter()));
            prop_assert!(table.values_mut().eq(map.values_mut()));
            prop_assert!(table.into_values().eq(map.into_values()));
        }
    }
}
