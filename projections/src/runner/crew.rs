use std::sync::{Arc, Weak};

use eventlog::EventLog;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::audience::Audience;
use super::outlook::Newcomer;
use super::task::{MakeProjector, Task};
use crate::ProjectionName;
use crate::shared::Shared;
use crate::store::Store;

/// Runs a task for each part of a model behind the first, as the parts come and go.
pub(crate) struct Crew {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) log: Arc<dyn EventLog>,
    /// What the tasks of each projection share, in the order of [`ProjectionName::ALL`].
    pub(crate) projections: [(Arc<Shared>, MakeProjector); ProjectionName::ALL.len()],
    /// Gone when there will be no more batches.
    pub(crate) audience: Weak<Audience>,
    pub(crate) newcomers: mpsc::UnboundedReceiver<Newcomer>,
}

impl Crew {
    /// Runs until there are no more newcomers, and all tasks have ended.
    pub(crate) async fn run(mut self) {
        let mut tasks = JoinSet::new();
        while let Some(newcomer) = self.newcomers.recv().await {
            while tasks.try_join_next().is_some() {}
            if let Some(task) = self.task(newcomer) {
                tasks.spawn(task.run(None));
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    fn task(&self, newcomer: Newcomer) -> Option<Task> {
        let (shared, projector) = self.projections.get(ProjectionName::index(newcomer.name))?;
        let (batches, latest) = self.audience.upgrade()?.join();
        Some(Task {
            store: Arc::clone(&self.store),
            log: Arc::clone(&self.log),
            shared: Arc::clone(shared),
            part: newcomer.part,
            projector: Arc::clone(projector),
            batches,
            outlook: Some(newcomer.outlook),
            latest,
        })
    }
}
