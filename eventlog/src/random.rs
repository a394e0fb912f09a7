use std::hash::{BuildHasher, RandomState};

use uuid::Uuid;

/// Another one at each call. The keys of the standard library's hash maps, which the system's randomness makes, are the
/// only randomness at hand here, and enough to tell logs and writers apart.
pub(crate) fn random_id() -> Uuid {
    let (one, other) = (RandomState::new(), RandomState::new());
    Uuid::from_u64_pair(one.hash_one(0), other.hash_one(1))
}
