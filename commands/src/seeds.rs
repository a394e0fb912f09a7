use domain::provider::{Logo, ProviderRow};
use domain::{Actor, Category, CommandId, Position};

use crate::{CommandError, Commands, Context};

/// The name under which the seeds stand in the log.
const SEEDS: &str = "seeds";
/// More events than this, and the log is anything but new.
const LOOK: usize = 500;

impl Commands {
    /// Adds `rows` to the catalog, as ordinary events, when the log is new. Gives the number of rows that were added.
    ///
    /// A log is new as long as it holds nothing but seeds, keys, tokens and operations, so that a start that was interrupted is
    /// finished by the next one; later starts add nothing.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] when the linter finds something in a row.
    pub async fn seed(&self, rows: Vec<(ProviderRow, Option<Logo>)>) -> Result<usize, CommandError> {
        if !self.is_new().await? {
            return Ok(0);
        }
        let mut added = 0;
        for (row, logo) in rows {
            let ctx = Context {
                command: CommandId::of(SEEDS, row.key.as_str()),
                ..self.by_system(SEEDS)
            };
            let receipt = self.add_provider(ctx, row, logo, true).await?;
            added += usize::from(!receipt.replayed);
        }
        Ok(added)
    }

    async fn is_new(&self) -> Result<bool, CommandError> {
        let page = self.log.read_all(Position::START, LOOK).await?;
        let seeds = Actor::system(SEEDS);
        let harmless = page.events.iter().all(|event| {
            matches!(
                event.stream.category(),
                Category::Keyring | Category::Token | Category::Operations
            ) || event.metadata.actor == seeds
        });
        Ok(harmless && page.next >= page.head)
    }
}
