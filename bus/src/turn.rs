use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// The right to publish, for as long as it is not over.
///
/// It is a matter of good order among relays on several machines, not of safety: a relay that was paused past the end of
/// its turn does not know, and the bus must refuse what it publishes behind another's back.
pub struct Turn {
    /// The task that keeps it, which ends when it is lost; none for a turn that nobody can take away.
    keeper: JoinSet<()>,
    give_back: Option<oneshot::Sender<()>>,
}

impl Turn {
    /// The turn of the only publisher there can be.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            keeper: JoinSet::new(),
            give_back: None,
        }
    }

    /// A turn that lasts until the future of `keeper` ends. When what it is given resolves, it gives the turn to others
    /// and ends. It is stopped when the turn is dropped.
    pub fn kept<Keeper>(keeper: impl FnOnce(oneshot::Receiver<()>) -> Keeper) -> Self
    where
        Keeper: Future<Output = ()> + Send + 'static,
    {
        let (give_back, asked_back) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(keeper(asked_back));
        Self {
            keeper: tasks,
            give_back: Some(give_back),
        }
    }

    /// Waits until it is over: another relay may publish now. Cancel-safe.
    pub async fn over(&mut self) {
        if self.give_back.is_none() {
            return std::future::pending().await;
        }
        self.keeper.join_next().await;
    }

    /// Ends it, so that another relay need not wait for it to run out.
    pub async fn give_back(mut self) {
        if let Some(give_back) = self.give_back.take() {
            // The keeper is not there to hear it when the turn is over already.
            let _ = give_back.send(());
            self.keeper.join_next().await;
        }
    }
}
