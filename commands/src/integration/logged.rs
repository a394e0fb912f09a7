use domain::integration::{Integration, IntegrationEvent};
use domain::{Aggregate, DekId};
use vault::SecretContext;

use super::report::saved;
use crate::execute::PAGE;
use crate::{CommandError, Commands};

impl Commands {
    /// The key that an event says a version was sealed with; none when the log knows of no such version. Of several
    /// attempts to save one version it tells the one that counts.
    pub(crate) async fn logged_dek(&self, secret: &SecretContext) -> Result<Option<DekId>, CommandError> {
        let stream = Integration::stream(&(secret.account.clone(), secret.provider.clone()));
        let mut next = 1;
        loop {
            let page = self.log.read_stream(&stream, next, PAGE).await?;
            for stored in &page {
                let event = stored.event().map_err(|error| CommandError::internal("log", error))?;
                if let Ok(event) = IntegrationEvent::try_from(event)
                    && let Some((version, dek)) = saved(&[event])
                    && version == (secret.credential, secret.version)
                {
                    return Ok(Some(dek));
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => next = last.revision + 1,
                _ => return Ok(None),
            }
        }
    }
}
