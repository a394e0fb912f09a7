use std::fmt;
use std::str::FromStr;

use domain::{AccountId, Position};
use serde::Serialize;

use crate::store::{Checkpoint, Stage};

/// Into how many parts a read model is split, by account. Each part can be applied by another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Parts(u32);

/// A number into which no read model is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a read model is split into 1 to {max} parts", max = Parts::MAX)]
pub struct InvalidParts;

/// One part of a read model: its place, and among how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    index: u32,
    parts: Parts,
}

/// Which events of the log go into a model, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Share {
    /// All.
    Whole,
    /// Those of a part.
    Part(Part),
    /// Of each part, those up to a position.
    UpTo(Vec<Position>),
}

impl Parts {
    /// Not split.
    pub const ONE: Self = Self(1);
    /// The most: each part keeps a connection to the database busy.
    const MAX: u32 = 16;

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// All the parts, in order.
    pub(crate) fn each(self) -> impl Iterator<Item = Part> {
        (0..self.0).map(move |index| Part { index, parts: self })
    }

    /// The part that what concerns this account belongs to; what concerns none is in the first.
    ///
    /// The hash is part of the form of a split model: with another one, parts would take up what other parts have applied.
    pub(crate) fn of(self, account: Option<&AccountId>) -> u32 {
        let Some(account) = account.filter(|_| self != Self::ONE) else {
            return 0;
        };
        // FNV-1a.
        let hash = account.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // Ids that differ in their last letters alone differ in few bits then: these are spread over all of them.
        let [a, b, c, d, ..] = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd).to_be_bytes();
        u32::from_be_bytes([a, b, c, d]) % self.0
    }
}

impl TryFrom<u32> for Parts {
    type Error = InvalidParts;

    fn try_from(number: u32) -> Result<Self, InvalidParts> {
        (1..=Self::MAX)
            .contains(&number)
            .then_some(Self(number))
            .ok_or(InvalidParts)
    }
}

impl FromStr for Parts {
    type Err = InvalidParts;

    fn from_str(text: &str) -> Result<Self, InvalidParts> {
        text.parse::<u32>().map_err(|_| InvalidParts)?.try_into()
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Part {
    /// All of a model that is not split.
    pub(crate) const WHOLE: Self = Self::first(Parts::ONE);

    /// The first of so many.
    pub(crate) const fn first(parts: Parts) -> Self {
        Self { index: 0, parts }
    }

    /// The part at this place, if there are so many.
    pub(crate) fn at(index: u32, parts: Parts) -> Option<Self> {
        (index < parts.0).then_some(Self { index, parts })
    }

    pub(crate) const fn index(self) -> u32 {
        self.index
    }

    pub(crate) const fn parts(self) -> Parts {
        self.parts
    }
}

impl Share {
    /// What whoever moves this checkpoint applies: a model is built whole, and kept up in its parts.
    pub(crate) fn of(checkpoint: &Checkpoint) -> Self {
        match checkpoint.stage {
            Stage::Building => Self::Whole,
            Stage::Live | Stage::Retired => Self::Part(checkpoint.part),
        }
    }

    /// Whether the event at `position`, which concerns `account`, is in it.
    pub(crate) fn takes(&self, account: Option<&AccountId>, position: Position) -> bool {
        match self {
            Self::Whole => true,
            Self::Part(part) => part.parts.of(account) == part.index,
            Self::UpTo(ends) => {
                let parts = u32::try_from(ends.len()).map_or(Parts::ONE, Parts);
                ends.get(parts.of(account) as usize).is_some_and(|end| position <= *end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_belongs_to_the_same_part_for_ever_and_what_has_none_to_the_first() {
        let five = Parts::try_from(5).unwrap();
        let of = |id: &str| five.of(Some(&id.parse().unwrap()));
        // With other numbers here, split models have to be built anew.
        assert_eq!(["acme", "shop", "shop-2", "a", "b"].map(of), [2, 1, 4, 0, 2]);
        assert_eq!(five.of(None), 0);
    }

    #[test]
    fn accounts_are_spread_evenly_and_each_is_in_one_part() {
        for number in [2, 3, 4, 16] {
            let parts = Parts::try_from(number).unwrap();
            let mut counts = vec![0_u32; number as usize];
            for account in 0..16_000 {
                let account: AccountId = format!("account-{account}").parse().unwrap();
                let takes = |part: &Part| Share::Part(*part).takes(Some(&account), Position::START);
                let mine: Vec<Part> = parts.each().filter(takes).collect();
                assert_eq!(mine.len(), 1);
                counts[mine[0].index as usize] += 1;
            }
            let fair = 16_000 / number;
            assert!(counts.iter().all(|count| count.abs_diff(fair) < fair / 5), "{counts:?}");
        }
    }

    #[test]
    fn there_are_one_to_sixteen_parts() {
        assert_eq!("16".parse(), Ok(Parts(16)));
        for wrong in ["0", "17", "-1", "two", ""] {
            assert_eq!(wrong.parse::<Parts>(), Err(InvalidParts));
        }
    }
}
