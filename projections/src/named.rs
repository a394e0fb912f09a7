use domain::ConnectionName;
use serde::{Deserialize, Serialize};

/// Things of an account's connections, in the order of the connections' names. There are few: a plain list takes a tenth of
/// the memory of a tree, and there is one for every integration of every account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Named<T>(Vec<(ConnectionName, T)>);

impl<T> Named<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn one(name: ConnectionName, thing: T) -> Self {
        Self(vec![(name, thing)])
    }

    pub(crate) fn get(&self, name: &ConnectionName) -> Option<&T> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    pub(crate) fn get_mut(&mut self, name: &ConnectionName) -> Option<&mut T> {
        self.place(name).ok().map(|place| &mut self.0[place].1)
    }

    /// Puts it there, in the place of one of the same name.
    pub(crate) fn insert(&mut self, name: &ConnectionName, thing: T) {
        match self.place(name) {
            Ok(place) => self.0[place].1 = thing,
            Err(place) => self.0.insert(place, (name.clone(), thing)),
        }
    }

    pub(crate) fn remove(&mut self, name: &ConnectionName) {
        if let Ok(place) = self.place(name) {
            self.0.remove(place);
        }
    }

    fn place(&self, name: &ConnectionName) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(name))
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> IntoIterator for Named<T> {
    type Item = (ConnectionName, T);
    type IntoIter = std::vec::IntoIter<(ConnectionName, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
