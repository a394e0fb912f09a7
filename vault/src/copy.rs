//! Moving house: both stores, from files to a server or back, as they are.

mod error;
mod part;

use std::path::Path;

use domain::Sha256Digest;

use crate::keystore::KeyChange;
use crate::rows::RowChange;
use crate::stores::{Starting, Stores};
use crate::{VaultError, VaultPlace};

pub use error::CopyError;
use part::{Part, Reader};

/// A copy that is complete and verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// How many wrapped keys both keystores hold.
    pub keys: u64,
    /// How many envelopes both vaults hold.
    pub envelopes: u64,
    /// How many of all these, and of the known key-encryption keys, the target held before, from a copy that was
    /// interrupted.
    pub already: u64,
    /// The digest of both: of the id that vault and keystore share, of every known key-encryption key, every wrapped key
    /// and every envelope with all that stands beside it, in the order of their ids.
    pub digest: Sha256Digest,
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// What is being done.
    pub step: CopyStep,
    /// How many keys and envelopes of this step are done.
    pub done: u64,
    /// Of how many.
    pub all: u64,
}

/// The steps of a copy, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyStep {
    /// What the target holds already is compared with the source.
    Comparing,
    /// Keys, and then envelopes, are written to the target.
    Copying,
    /// Source and target are read again.
    Verifying,
}

/// Copies vault and keystore of `from` to `to`: which key-encryption keys are known and which is current, the wrapped keys,
/// the envelopes with all that stands beside them, and the id that the two parts share. Nothing is decrypted, and no key
/// ring is needed; whoever opens the copy needs the ring of the source. Both sides are read again and compared.
///
/// `to` must be empty, or hold what an interrupted copy of the same vault left: then it goes on. It may be interrupted at any
/// time, since the keystore of the target says only when all is in place and compared which vault it belongs to, and does
/// not open before; and no envelope is ever there without its key. One that is complete already is compared alone.
///
/// Stop all nodes of `from` first. Of files that is checked; on a server it is noticed when a change falls between the
/// copy and the comparison.
///
/// # Errors
/// See [`CopyError`].
pub async fn copy(
    from: &VaultPlace,
    to: &VaultPlace,
    mut progress: impl FnMut(CopyProgress) + Send,
) -> Result<Copied, CopyError> {
    check_places(from, to)?;
    let source = Side::open(from, CopyError::SourceInUse).await?;
    let outcome = match Side::open(to, CopyError::TargetInUse).await {
        Ok(target) => {
            let outcome = run(&source.stores, &target.stores, &mut progress).await;
            target.close().await;
            outcome
        }
        Err(error) => Err(error),
    };
    source.close().await;
    outcome
}

/// A vault that is read or written as rows, and what keeps others from starting on it.
struct Side {
    stores: Stores,
    starting: Starting,
}

impl Side {
    async fn open(place: &VaultPlace, in_use: CopyError) -> Result<Self, CopyError> {
        let (stores, starting) = Stores::open(place).await?;
        let side = Self { stores, starting };
        if matches!(side.starting, Starting::Beside) {
            side.close().await;
            return Err(in_use);
        }
        Ok(side)
    }

    async fn close(self) {
        self.stores.close().await;
        // What was to be written is written; whoever comes next takes the lock as it is.
        let _ = self.starting.over().await;
    }
}

/// What can be told of the two places before they are opened. A file that is missing would be made.
fn check_places(from: &VaultPlace, to: &VaultPlace) -> Result<(), CopyError> {
    if let VaultPlace::Sqlite { vault, keystore } = from
        && !(vault.exists() && keystore.exists())
    {
        return Err(CopyError::NoSource("its two files are not both there"));
    }
    let same = match (from, to) {
        (
            VaultPlace::Sqlite { vault, keystore },
            VaultPlace::Sqlite {
                vault: to_vault,
                keystore: to_keystore,
            },
        ) => same_file(vault, to_vault) || same_file(keystore, to_keystore),
        (
            VaultPlace::Postgres { vault, keystore },
            VaultPlace::Postgres {
                vault: to_vault,
                keystore: to_keystore,
            },
        ) => vault.same_database(to_vault) || keystore.same_database(to_keystore),
        _ => false,
    };
    if same { Err(CopyError::Same) } else { Ok(()) }
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        // One that is not there yet is no other's.
        _ => false,
    }
}

type Progress<'a> = dyn FnMut(CopyProgress) + Send + 'a;

async fn run(from: &Stores, to: &Stores, progress: &mut Progress<'_>) -> Result<Copied, CopyError> {
    let pair = pair_of_source(from).await?;
    let finished = match (to.rows.pair().await?, to.keystore.pair().await?) {
        (Some(rows), _) if rows != pair => return Err(CopyError::Another),
        (_, Some(keys)) if keys != pair => return Err(CopyError::Another),
        (None, Some(_)) => return Err(CopyError::HalfThere),
        (rows, keys) => {
            if rows.is_none() && Reader::new(to).next_page().await?.is_some() {
                return Err(CopyError::HalfThere);
            }
            if rows.is_none() {
                to.rows.change(RowChange::Join(pair.clone())).await?;
            }
            keys.is_some()
        }
    };
    let all = count(from).await?;
    let already = skip_what_is_there(from, to, all, progress).await?;
    if !finished {
        write_all(from, to, all, progress).await?;
    }
    let source = Sum::of(from, &pair, 0, all, progress).await?;
    let copy = Sum::of(to, &pair, source.parts, all, progress).await?;
    if source != copy {
        return Err(if finished {
            CopyError::Finished
        } else {
            CopyError::Different {
                copy: copy.digest,
                source_digest: source.digest,
            }
        });
    }
    if !finished {
        to.keystore.change(KeyChange::Join(pair)).await?;
    }
    Ok(Copied {
        keys: source.keys,
        envelopes: source.envelopes,
        already,
        digest: source.digest,
    })
}

/// The id that both parts of the source share.
async fn pair_of_source(from: &Stores) -> Result<Vec<u8>, CopyError> {
    match (from.rows.pair().await?, from.keystore.pair().await?) {
        (Some(rows), Some(keys)) if rows == keys => Ok(rows),
        (Some(_), Some(_)) => Err(CopyError::NoSource("its two parts come from different installations")),
        (None, None) => Err(CopyError::NoSource("both of its parts are empty")),
        (Some(_), None) => Err(CopyError::NoSource(
            "its keystore is missing or empty, or it is itself the beginning of a copy",
        )),
        (None, Some(_)) => Err(CopyError::NoSource(
            "its envelopes are missing: start a node on it first",
        )),
    }
}

/// How many parts there are: of known key-encryption keys, wrapped keys and envelopes.
async fn count(stores: &Stores) -> Result<u64, VaultError> {
    let wrapped: u64 = stores.keystore.counts().await?.iter().map(|(_, keys)| keys).sum();
    let (pending, live) = stores.rows.counts().await?;
    Ok(stores.keystore.keks().await?.len() as u64 + wrapped + pending + live)
}

/// Reads both sides by side as long as the target has something. All of it must be the source's.
async fn skip_what_is_there(
    from: &Stores,
    to: &Stores,
    all: u64,
    progress: &mut Progress<'_>,
) -> Result<u64, CopyError> {
    let (mut source, mut target) = (Reader::new(from), Reader::new(to));
    let (mut done, mut already) = (0, 0);
    while let Some(there) = target.next().await? {
        loop {
            let Some(here) = source.next().await? else {
                return Err(CopyError::Foreign { what: there.name() });
            };
            done += 1;
            progress(CopyProgress {
                step: CopyStep::Comparing,
                done,
                all,
            });
            if here.order() == there.order() {
                if here.digest() != there.digest() {
                    return Err(CopyError::Foreign { what: there.name() });
                }
                already += 1;
                break;
            }
            if here.order() > there.order() {
                return Err(CopyError::Foreign { what: there.name() });
            }
        }
    }
    Ok(already)
}

/// Writes a page at a time, keys before envelopes. What is there already stays.
async fn write_all(from: &Stores, to: &Stores, all: u64, progress: &mut Progress<'_>) -> Result<(), CopyError> {
    let mut source = Reader::new(from);
    let mut done = 0;
    while let Some(page) = source.next_page().await? {
        done += page.len() as u64;
        let (mut known, mut keys, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for part in page {
            match part {
                Part::Kek(kek) => known.push(kek),
                Part::Key(key) => keys.push(key),
                Part::Row(row) => rows.push(*row),
            }
        }
        if !known.is_empty() {
            to.keystore.change(KeyChange::CopyKeks(known)).await?;
        }
        if !keys.is_empty() {
            to.keystore.change(KeyChange::CopyKeys(keys)).await?;
        }
        if !rows.is_empty() {
            to.rows.change(RowChange::Copy(rows)).await?;
        }
        progress(CopyProgress {
            step: CopyStep::Copying,
            done,
            all,
        });
    }
    Ok(())
}

/// What a vault comes to.
#[derive(PartialEq, Eq)]
struct Sum {
    parts: u64,
    keys: u64,
    envelopes: u64,
    digest: Sha256Digest,
}

impl Sum {
    /// Reads all of it. `before`: how much was read for the comparison already.
    async fn of(
        stores: &Stores,
        pair: &[u8],
        before: u64,
        all: u64,
        progress: &mut Progress<'_>,
    ) -> Result<Self, CopyError> {
        let mut sum = Self {
            parts: 0,
            keys: 0,
            envelopes: 0,
            digest: Sha256Digest::of(pair),
        };
        let mut reader = Reader::new(stores);
        while let Some(part) = reader.next().await? {
            sum.parts += 1;
            match part {
                Part::Kek(_) => {}
                Part::Key(_) => sum.keys += 1,
                Part::Row(_) => sum.envelopes += 1,
            }
            let chained = [sum.digest.as_bytes().as_slice(), part.digest().as_bytes()].concat();
            sum.digest = Sha256Digest::of(&chained);
            progress(CopyProgress {
                step: CopyStep::Verifying,
                done: before + sum.parts,
                all: 2 * all,
            });
        }
        Ok(sum)
    }
}
