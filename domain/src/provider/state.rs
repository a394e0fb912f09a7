use std::sync::Arc;

use super::command::difference;
use super::{
    ProviderAdded, ProviderCommand, ProviderEvent, ProviderLogoChanged, ProviderPublished, ProviderReinstated,
    ProviderRejection, ProviderRetired, ProviderRow,
};
use crate::{Aggregate, ProviderKey, Sha256Digest, StreamId};

/// A row of the catalog and where it stands. A key that was used once is never free again.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Provider {
    /// Nothing was ever added under this key.
    #[default]
    Absent,
    /// Added, and not in the marketplace yet.
    Draft(Entry),
    /// In the marketplace.
    Published(Entry),
    /// No longer in the marketplace; what accounts connected goes on working.
    Retired(Entry),
}

/// The row as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The row.
    pub row: Arc<ProviderRow>,
    /// The digest of its logo.
    pub logo: Option<Sha256Digest>,
}

impl Provider {
    /// The row, wherever it stands; none when there never was one.
    #[must_use]
    pub const fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Absent => None,
            Self::Draft(entry) | Self::Published(entry) | Self::Retired(entry) => Some(entry),
        }
    }

    /// The row that an account may install.
    ///
    /// # Errors
    /// [`ProviderRejection::Unknown`], [`ProviderRejection::Draft`] or [`ProviderRejection::Retired`].
    pub const fn installable(&self) -> Result<&Entry, ProviderRejection> {
        match self {
            Self::Absent => Err(ProviderRejection::Unknown),
            Self::Draft(_) => Err(ProviderRejection::Draft),
            Self::Published(entry) => Ok(entry),
            Self::Retired(_) => Err(ProviderRejection::Retired),
        }
    }

    fn known(&self) -> Result<&Entry, ProviderRejection> {
        self.entry().ok_or(ProviderRejection::Unknown)
    }

    fn with(mut self, change: impl FnOnce(&mut Entry)) -> Self {
        match &mut self {
            Self::Absent => {}
            Self::Draft(entry) | Self::Published(entry) | Self::Retired(entry) => change(entry),
        }
        self
    }

    fn moved(self, to: impl FnOnce(Entry) -> Self) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Draft(entry) | Self::Published(entry) | Self::Retired(entry) => to(entry),
        }
    }

    fn publish(&self) -> Result<Vec<ProviderEvent>, ProviderRejection> {
        match self {
            Self::Absent => Err(ProviderRejection::Unknown),
            Self::Draft(_) => Ok(vec![ProviderPublished {}.into()]),
            Self::Published(_) => Ok(Vec::new()),
            Self::Retired(_) => Err(ProviderRejection::Retired),
        }
    }

    fn retire(&self) -> Result<Vec<ProviderEvent>, ProviderRejection> {
        match self {
            Self::Absent => Err(ProviderRejection::Unknown),
            Self::Draft(_) => Err(ProviderRejection::Draft),
            Self::Published(_) => Ok(vec![ProviderRetired {}.into()]),
            Self::Retired(_) => Ok(Vec::new()),
        }
    }

    fn reinstate(&self) -> Result<Vec<ProviderEvent>, ProviderRejection> {
        match self {
            Self::Absent => Err(ProviderRejection::Unknown),
            Self::Draft(_) => Err(ProviderRejection::Draft),
            Self::Published(_) => Err(ProviderRejection::Published),
            Self::Retired(_) => Ok(vec![ProviderReinstated {}.into()]),
        }
    }
}

impl Aggregate for Provider {
    type Id = ProviderKey;
    type Command = ProviderCommand;
    type Event = ProviderEvent;
    type Rejection = ProviderRejection;

    fn stream(id: &ProviderKey) -> StreamId {
        StreamId::Provider(id.clone())
    }

    fn evolve(self, event: &ProviderEvent) -> Self {
        match event {
            ProviderEvent::ProviderAdded(event) => {
                let entry = Entry {
                    row: Arc::new((*event.row).clone()),
                    logo: event.logo.as_ref().map(|logo| logo.sha256),
                };
                if event.published {
                    Self::Published(entry)
                } else {
                    Self::Draft(entry)
                }
            }
            ProviderEvent::ProviderDescribed(event) => self.with(|entry| {
                let row = Arc::make_mut(&mut entry.row);
                row.name.clone_from(&event.name);
                row.category.clone_from(&event.category);
                row.description.clone_from(&event.description);
                row.help.clone_from(&event.help);
            }),
            ProviderEvent::ProviderRecipeChanged(event) => self.with(|entry| {
                let row = Arc::make_mut(&mut entry.row);
                row.auth = event.auth;
                row.credential.clone_from(&event.credential);
                row.recipe = (*event.recipe).clone();
            }),
            ProviderEvent::ProviderLogoChanged(event) => {
                self.with(|entry| entry.logo = event.logo.as_ref().map(|logo| logo.sha256))
            }
            ProviderEvent::ProviderPublished(_) | ProviderEvent::ProviderReinstated(_) => self.moved(Self::Published),
            ProviderEvent::ProviderRetired(_) => self.moved(Self::Retired),
        }
    }

    fn decide(&self, command: ProviderCommand) -> Result<Vec<ProviderEvent>, ProviderRejection> {
        match command {
            ProviderCommand::Add { row, logo, publish } => match self {
                Self::Absent => {
                    let added = ProviderAdded {
                        row: Box::new(row),
                        logo,
                        published: publish,
                    };
                    Ok(vec![added.into()])
                }
                _ => Err(ProviderRejection::KeyTaken),
            },
            ProviderCommand::Revise(revision) => {
                let row = &self.known()?.row;
                Ok(difference(row, revision.applied_to(row)))
            }
            ProviderCommand::SetLogo(logo) => {
                if self.known()?.logo == logo.as_ref().map(|logo| logo.sha256) {
                    return Ok(Vec::new());
                }
                Ok(vec![ProviderLogoChanged { logo }.into()])
            }
            ProviderCommand::Publish => self.publish(),
            ProviderCommand::Retire => self.retire(),
            ProviderCommand::Reinstate => self.reinstate(),
        }
    }
}
