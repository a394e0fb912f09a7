use std::sync::Arc;

use domain::{AccountId, ProviderKey, StreamId};
use eventlog::EventLog;

use super::IntegrationView;
use super::document::{IntegrationDocument, Integrations, key};
use super::view::Face;
use crate::catalog::{Catalog, CatalogQuery, LogoRef, ProviderRecord, ProviderStatus, record_as_of};
use crate::past::Past;
use crate::reader::Reader;
use crate::store::Scope;
use crate::{AsOf, QueryError};

/// The most integrations of one account that are listed; a catalog has not as many.
const MAX: u32 = 10_000;

/// Answers what an account has installed and connected.
pub struct IntegrationsQuery {
    reader: Reader<Integrations>,
    catalog: Arc<CatalogQuery>,
}

impl IntegrationsQuery {
    pub(crate) const fn new(reader: Reader<Integrations>, catalog: Arc<CatalogQuery>) -> Self {
        Self { reader, catalog }
    }

    pub(crate) const fn reader(&self) -> &Reader<Integrations> {
        &self.reader
    }

    /// What is on the account's list, by the names of the providers.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn list(&self, account: &AccountId) -> Result<Vec<IntegrationView>, QueryError> {
        let mut views = Vec::new();
        for document in self.documents(account).await? {
            let record = self.catalog.record(&document.provider).await?;
            views.extend(view(document, record.as_deref()));
        }
        Ok(sorted(views))
    }

    /// One integration; none when it is not on the account's list.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn get(
        &self,
        account: &AccountId,
        provider: &ProviderKey,
    ) -> Result<Option<IntegrationView>, QueryError> {
        let Some(document) = self
            .reader
            .get(Scope::Account(account), &key(account, provider))
            .await?
        else {
            return Ok(None);
        };
        let record = self.catalog.record(provider).await?;
        Ok(view((*document).clone(), record.as_deref()))
    }

    /// How many accounts have this provider on their list. It looks at every integration of every account, which takes its
    /// time: for a question before something that happens seldom.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn installed_count(&self, provider: &ProviderKey) -> Result<u64, QueryError> {
        // The key of a document is the account, a dot and the provider.
        let ending = format!(".{provider}");
        self.reader.count(Scope::Everything, &ending, "installed_at").await
    }

    /// What was on the account's list at a moment of the past.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn list_as_of(
        &self,
        log: &dyn EventLog,
        account: &AccountId,
        as_of: AsOf,
    ) -> Result<Vec<IntegrationView>, QueryError> {
        let (past, catalog) = (Past::at(log, as_of).await?, Past::at(log, as_of).await?);
        let mut views = Vec::new();
        // Every integration that was ever installed has a document to this day.
        for document in self.documents(account).await? {
            views.extend(view_as_of(&past, &catalog, account, &document.provider).await?);
        }
        Ok(sorted(views))
    }

    /// One integration as it was at a moment of the past.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn get_as_of(
        &self,
        log: &dyn EventLog,
        account: &AccountId,
        provider: &ProviderKey,
        as_of: AsOf,
    ) -> Result<Option<IntegrationView>, QueryError> {
        let (past, catalog) = (Past::at(log, as_of).await?, Past::at(log, as_of).await?);
        view_as_of(&past, &catalog, account, provider).await
    }

    async fn documents(&self, account: &AccountId) -> Result<Vec<IntegrationDocument>, QueryError> {
        let scope = Scope::Account(account);
        self.reader.range(scope, &format!("{account}."), "", MAX).await
    }
}

async fn view_as_of(
    past: &Past<'_, Integrations>,
    catalog: &Past<'_, Catalog>,
    account: &AccountId,
    provider: &ProviderKey,
) -> Result<Option<IntegrationView>, QueryError> {
    let stream = StreamId::Integration(account.clone(), provider.clone());
    let Some(document) = past.document(&stream, &key(account, provider)).await? else {
        return Ok(None);
    };
    let record = record_as_of(catalog, provider).await?;
    Ok(view(document, record.as_ref()))
}

/// A provider that the catalog has not heard of yet shows its key: the two models may be a moment apart.
fn view(document: IntegrationDocument, record: Option<&ProviderRecord>) -> Option<IntegrationView> {
    let face = match record {
        Some(record) => Face {
            name: record.row.name.clone(),
            category: record.row.category.clone(),
            logo: record.logo.map(LogoRef::new),
            retired: record.status == ProviderStatus::Retired,
        },
        None => Face {
            name: document.provider.to_string(),
            category: String::new(),
            logo: None,
            retired: false,
        },
    };
    IntegrationView::new(document, face)
}

fn sorted(mut views: Vec<IntegrationView>) -> Vec<IntegrationView> {
    views.sort_by(|a, b| {
        a.name
            .to_lowercase()
            .cmp(&b.name.to_lowercase())
            .then_with(|| a.provider.cmp(&b.provider))
    });
    views
}
