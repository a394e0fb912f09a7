use std::collections::{BTreeSet, HashMap};

use domain::access::AccessEvent;
use domain::{Actor, ActorKind, Event, TokenId};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::error::Failure;
use crate::site::Site;

/// What people call those who did something: the names of their tokens.
#[derive(Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    /// The names of all who asked for these events, and of all that they name.
    ///
    /// The events are looked at before this waits for anything, so that the future holds on to none of them.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub(crate) fn of<'a, 'e>(
        site: &'a Site,
        events: impl Iterator<Item = (&'e Actor, &'e Event)>,
    ) -> BoxFuture<'a, Result<Self, Failure>> {
        let mut wanted = BTreeSet::new();
        for (actor, event) in events {
            wanted.insert(actor.id.clone());
            if let Event::Access(AccessEvent::CredentialReleased(event)) = event {
                wanted.insert(event.principal.clone());
            }
        }
        Self::found(site, wanted).boxed()
    }

    async fn found(site: &Site, wanted: BTreeSet<String>) -> Result<Self, Failure> {
        let mut names = HashMap::new();
        for id in wanted {
            // Others than tokens are OIDC subjects and parts of the system: they have no other name.
            let Ok(token) = id.parse::<TokenId>() else { continue };
            if let Some(token) = site.projections.tokens().get(token).await? {
                names.insert(id, token.name);
            }
        }
        Ok(Self(names))
    }

    /// Who asked for something.
    pub(crate) fn actor(&self, actor: &Actor) -> String {
        match actor.kind {
            ActorKind::System => format!("the system ({})", actor.id),
            ActorKind::User | ActorKind::Service | ActorKind::Ai => self.caller(&actor.id),
        }
    }

    /// A caller, by its own identity.
    pub(super) fn caller(&self, id: &str) -> String {
        self.0.get(id).map_or_else(|| id.to_owned(), |name| format!("“{name}”"))
    }

    #[cfg(test)]
    pub(super) fn known(names: &[(&str, &str)]) -> Self {
        let pairs = names.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned()));
        Self(pairs.collect())
    }
}
