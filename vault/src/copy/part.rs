use domain::{AccountId, Sha256Digest};
use uuid::Uuid;

use crate::VaultError;
use crate::keystore::{KnownKek, StoredKey};
use crate::rows::{RowId, StoredRow};
use crate::stores::Stores;

/// How many keys or envelopes are read and written at a time: 13 MB at most, as long as envelopes are.
const PAGE: u32 = 200;

/// One thing that a vault holds.
pub(super) enum Part {
    Kek(KnownKek),
    Key(StoredKey),
    Row(Box<StoredRow>),
}

impl Part {
    /// Its place in the order of all: key-encryption keys, wrapped keys, envelopes; each by id.
    pub(super) fn order(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Kek(kek) => (0, kek.id.0.to_be_bytes().to_vec()),
            Self::Key(stored) => (1, stored.key.ctx.id.as_bytes().to_vec()),
            Self::Row(stored) => {
                let (credential, version, dek) = row_id(stored);
                let (credential, dek) = (credential.uuid(), dek.uuid());
                (
                    2,
                    [&credential.as_bytes()[..], &version.to_be_bytes(), dek.as_bytes()].concat(),
                )
            }
        }
    }

    /// What it is called in a message.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Kek(kek) => format!("key-encryption key {}", kek.id.0),
            Self::Key(stored) => format!("wrapped key {}", stored.key.ctx.id),
            Self::Row(stored) => {
                let ctx = &stored.row.ctx;
                format!(
                    "an envelope of version {} of credential {}",
                    ctx.version, ctx.credential
                )
            }
        }
    }

    /// SHA-256 over each of its columns with its length before it.
    pub(super) fn digest(&self) -> Sha256Digest {
        let (kind, id) = self.order();
        match self {
            Self::Kek(kek) => digest(&[&[kind], &id, &kek.check, &[u8::from(kek.current)]]),
            Self::Key(StoredKey { key, placed }) => digest(&[
                &[kind],
                &id,
                key.ctx.purpose.name().as_bytes(),
                key.ctx.account.as_ref().map_or("", AccountId::as_str).as_bytes(),
                &key.kek.0.to_be_bytes(),
                &key.wrapped,
                &[u8::from(*placed)],
            ]),
            Self::Row(stored) => {
                let row = &stored.row;
                digest(&[
                    &[kind],
                    &id,
                    row.ctx.account.as_str().as_bytes(),
                    row.ctx.provider.as_str().as_bytes(),
                    &row.envelope,
                    row.sha256.as_bytes(),
                    &[u8::from(stored.live)],
                    &row.created_at.timestamp_millis().to_be_bytes(),
                    row.masked.as_bytes(),
                    row.public.as_bytes(),
                ])
            }
        }
    }
}

fn digest(columns: &[&[u8]]) -> Sha256Digest {
    let mut text = Vec::new();
    for column in columns {
        text.extend_from_slice(&(column.len() as u64).to_be_bytes());
        text.extend_from_slice(column);
    }
    Sha256Digest::of(&text)
}

fn row_id(stored: &StoredRow) -> RowId {
    (stored.row.ctx.credential, stored.row.ctx.version, stored.row.dek)
}

/// Reads all that a vault holds, in the order of [`Part::order`], a page at a time.
pub(super) struct Reader<'a> {
    stores: &'a Stores,
    next: Next,
    page: std::vec::IntoIter<Part>,
}

/// What comes next: those after an id, or after nothing yet.
enum Next {
    Keks,
    Keys(Option<Uuid>),
    Rows(Option<RowId>),
    Nothing,
}

impl<'a> Reader<'a> {
    pub(super) fn new(stores: &'a Stores) -> Self {
        Self {
            stores,
            next: Next::Keks,
            page: Vec::new().into_iter(),
        }
    }

    /// The next part; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, VaultError> {
        loop {
            if let Some(part) = self.page.next() {
                return Ok(Some(part));
            }
            match self.next_page().await? {
                Some(page) => self.page = page.into_iter(),
                None => return Ok(None),
            }
        }
    }

    /// The next page, which is not empty; none at the end.
    pub(super) async fn next_page(&mut self) -> Result<Option<Vec<Part>>, VaultError> {
        loop {
            let page: Vec<Part> = match self.next {
                Next::Keks => {
                    self.next = Next::Keys(None);
                    let keks = self.stores.keystore.keks().await?;
                    keks.into_iter().map(Part::Kek).collect()
                }
                Next::Keys(after) => {
                    let keys = self.stores.keystore.page(after, PAGE).await?;
                    let last = keys.last().map(|stored| stored.key.ctx.id);
                    self.next = last.map_or(Next::Rows(None), |id| Next::Keys(Some(id)));
                    keys.into_iter().map(Part::Key).collect()
                }
                Next::Rows(after) => {
                    let rows = self.stores.rows.stored(after, PAGE).await?;
                    let last = rows.last().map(row_id);
                    self.next = last.map_or(Next::Nothing, |id| Next::Rows(Some(id)));
                    rows.into_iter().map(|row| Part::Row(Box::new(row))).collect()
                }
                Next::Nothing => return Ok(None),
            };
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
    }
}
