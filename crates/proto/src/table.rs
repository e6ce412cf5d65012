//! A sorted table: what a `BTreeMap` does, in a twentieth of its code.
//!
//! Keys here are mostly numbers that grow, added at the end and taken out near the beginning or the
//! end; both are cheap. Elsewhere it costs moving an entry of a few words for each one that is
//! between it and the nearer end, or after it when it is added.

use std::borrow::Borrow;

/// Values by key, in the order of the keys.
#[derive(Debug)]
pub struct Table<K, V> {
    /// The first `gone` of them have no value any more, all others have one.
    entries: Vec<(K, Option<Box<V>>)>,
    gone: usize,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new(), gone: 0 }
    }
}

impl<K: Ord, V> Table<K, V> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len() - self.gone
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a value under a key; gives the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => self.entries[at].1.replace(Box::new(value)).map(|old| *old),
            Err(at) => {
                self.entries.insert(at, (key, Some(Box::new(value))));
                None
            }
        }
    }

    /// Takes a value out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut at = self.place(key).ok()?;
        if at - self.gone >= self.entries.len() - at {
            return self.entries.remove(at).1.map(|value| *value);
        }
        while at > self.gone {
            self.entries.swap(at, at - 1);
            at -= 1;
        }
        let value = self.entries[at].1.take();
        self.gone += 1;
        if self.gone > self.entries.len() / 2 {
            self.entries.drain(..self.gone);
            self.gone = 0;
        }
        value.map(|value| *value)
    }

    /// The value of a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries[at].1.as_deref()
    }

    /// The value of a key, to be changed.
    #[must_use]
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries[at].1.as_deref_mut()
    }

    /// The entry with the smallest key.
    #[must_use]
    pub fn first(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries[self.gone..].iter().filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().filter_map(|(_, value)| value.as_deref_mut())
    }

    /// The values.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.entries.into_iter().filter_map(|(_, value)| value.map(|value| *value))
    }

    /// Where a key is, or would be. The keys of those that are gone are in no order.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        let live = &self.entries[self.gone..];
        let compare = |(known, _): &(K, _)| known.borrow().cmp(key);
        let found = match live {
            // Answers come in the order of what was asked.
            [first, ..] if compare(first).is_eq() => Ok(0),
            [.., last] if compare(last).is_lt() => Err(live.len()),
            _ => live.binary_search_by(compare),
        };
        found.map(|at| at + self.gone).map_err(|at| at + self.gone)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Table;

    proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in prop::collection::vec(any::<(bool, u8, u32)>(), 0..400)) {
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
