use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One status, or a run of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// The first.
    pub from: u16,
    /// The last; the same as the first for a single status.
    pub to: u16,
}

/// The statuses that a rule holds for: written as `200`, `4xx`, `200-299`, or a list of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet(Vec<StatusRange>);

impl StatusSet {
    /// Takes the ranges.
    #[must_use]
    pub const fn new(ranges: Vec<StatusRange>) -> Self {
        Self(ranges)
    }

    /// The ranges, in the order in which they were written.
    #[must_use]
    pub fn ranges(&self) -> &[StatusRange] {
        &self.0
    }

    /// How many statuses the narrowest range with `status` in it has; none when it is in none of them.
    #[must_use]
    pub fn width_at(&self, status: u16) -> Option<u16> {
        self.0
            .iter()
            .filter(|range| range.contains(status))
            .map(|range| range.to - range.from + 1)
            .min()
    }
}

impl StatusRange {
    const fn one(status: u16) -> Self {
        Self {
            from: status,
            to: status,
        }
    }

    const fn contains(self, status: u16) -> bool {
        self.from <= status && status <= self.to
    }

    const fn is_class(self) -> bool {
        self.from.is_multiple_of(100) && self.to == self.from + 99
    }

    fn is_valid(self) -> bool {
        (100..=599).contains(&self.from) && (self.from..=599).contains(&self.to)
    }
}

fn parse(text: &str) -> Option<StatusRange> {
    let range = if let Some(class) = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        StatusRange {
            from: class * 100,
            to: class * 100 + 99,
        }
    } else if let Some((from, to)) = text.split_once('-') {
        StatusRange {
            from: from.trim().parse().ok()?,
            to: to.trim().parse().ok()?,
        }
    } else {
        StatusRange::one(text.trim().parse().ok()?)
    };
    range.is_valid().then_some(range)
}

impl Serialize for StatusRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.from == self.to {
            serializer.serialize_u16(self.from)
        } else if self.is_class() {
            serializer.collect_str(&format_args!("{}xx", self.from / 100))
        } else {
            serializer.collect_str(&format_args!("{}-{}", self.from, self.to))
        }
    }
}

impl Serialize for StatusSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [range] = self.0.as_slice() {
            return range.serialize(serializer);
        }
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for range in &self.0 {
            list.serialize_element(range)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(StatusVisitor)
            .and_then(|set| match set.0.as_slice() {
                [range] => Ok(*range),
                _ => Err(de::Error::custom(EXPECTED)),
            })
    }
}

impl<'de> Deserialize<'de> for StatusSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatusVisitor)
    }
}

const EXPECTED: &str = "a status from 100 to 599, a class such as 4xx, a range such as 200-299, or a list of these";

struct StatusVisitor;

impl<'de> Visitor<'de> for StatusVisitor {
    type Value = StatusSet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_u64<E: de::Error>(self, status: u64) -> Result<StatusSet, E> {
        let range = u16::try_from(status)
            .ok()
            .map(StatusRange::one)
            .filter(|range| range.is_valid());
        range
            .map(|range| StatusSet(vec![range]))
            .ok_or_else(|| E::custom(EXPECTED))
    }

    fn visit_i64<E: de::Error>(self, status: i64) -> Result<StatusSet, E> {
        u64::try_from(status)
            .map_err(|_| E::custom(EXPECTED))
            .and_then(|status| self.visit_u64(status))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<StatusSet, E> {
        parse(text)
            .map(|range| StatusSet(vec![range]))
            .ok_or_else(|| E::custom(EXPECTED))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<StatusSet, A::Error> {
        let mut ranges = Vec::new();
        while let Some(range) = list.next_element::<StatusRange>()? {
            ranges.push(range);
        }
        if ranges.is_empty() {
            Err(de::Error::custom(EXPECTED))
        } else {
            Ok(StatusSet(ranges))
        }
    }
}
