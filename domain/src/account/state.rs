use super::{
    AccountClosed, AccountEvent, AccountOpened, AccountRejection, AccountRenamed, AiSettings, AiSettingsChosen,
};
use crate::name::is_name;
use crate::{AccountId, Aggregate, StreamId};

/// An account. Closing is for ever: the id is never used again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Account {
    /// The host platform has not told of it.
    #[default]
    Unknown,
    /// In use.
    Open(Profile),
    /// Closed; every key of it is erased.
    Closed,
}

/// What an open account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The name that people read.
    pub name: String,
    /// The account above it. It never changes, so that the accounts can form no circle.
    pub parent: Option<AccountId>,
    /// Which AI providers its services use.
    pub ai: AiSettings,
}

/// What can be asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountCommand {
    /// Open it.
    Open {
        /// The name that people read.
        name: String,
        /// The account above it, which is known to be open.
        parent: Option<AccountId>,
    },
    /// Give it another name.
    Rename {
        /// The new name.
        name: String,
    },
    /// Choose which AI providers its services use.
    ChooseAiSettings(AiSettings),
    /// Close it for ever.
    Close,
}

impl Account {
    /// What it is, if it can be used.
    ///
    /// # Errors
    /// [`AccountRejection::Unknown`] or [`AccountRejection::Closed`].
    pub const fn open(&self) -> Result<&Profile, AccountRejection> {
        match self {
            Self::Unknown => Err(AccountRejection::Unknown),
            Self::Open(profile) => Ok(profile),
            Self::Closed => Err(AccountRejection::Closed),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Profile)) -> Self {
        if let Self::Open(profile) = &mut self {
            change(profile);
        }
        self
    }
}

impl Aggregate for Account {
    type Id = AccountId;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    fn stream(id: &AccountId) -> StreamId {
        StreamId::Account(id.clone())
    }

    fn evolve(self, event: &AccountEvent) -> Self {
        match event {
            AccountEvent::AccountOpened(event) => Self::Open(Profile {
                name: event.name.clone(),
                parent: event.parent.clone(),
                ai: AiSettings::default(),
            }),
            AccountEvent::AccountRenamed(event) => self.with(|profile| profile.name.clone_from(&event.name)),
            AccountEvent::AiSettingsChosen(event) => self.with(|profile| profile.ai = event.into()),
            AccountEvent::AccountClosed(_) => Self::Closed,
        }
    }

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRejection> {
        match command {
            AccountCommand::Open { name, parent } => {
                checked(&name)?;
                match self {
                    Self::Unknown => Ok(vec![AccountOpened { name, parent }.into()]),
                    Self::Open(_) | Self::Closed => Err(AccountRejection::Exists),
                }
            }
            AccountCommand::Rename { name } => {
                let profile = self.open()?;
                checked(&name)?;
                Ok(changed(profile.name != name, AccountRenamed { name }))
            }
            AccountCommand::ChooseAiSettings(settings) => {
                let profile = self.open()?;
                settings.check()?;
                Ok(changed(profile.ai != settings, AiSettingsChosen::from(settings)))
            }
            AccountCommand::Close => match self {
                Self::Unknown => Err(AccountRejection::Unknown),
                Self::Open(_) => Ok(vec![AccountClosed {}.into()]),
                Self::Closed => Ok(Vec::new()),
            },
        }
    }
}

fn checked(name: &str) -> Result<(), AccountRejection> {
    if is_name(name) {
        Ok(())
    } else {
        Err(AccountRejection::InvalidName)
    }
}

/// The event, if something changes by it.
fn changed(changes: bool, event: impl Into<AccountEvent>) -> Vec<AccountEvent> {
    if changes { vec![event.into()] } else { Vec::new() }
}
