use tokio::sync::watch;

use crate::ProjectionName;
use crate::store::{Checkpoint, Fence, Stop};

/// What the bookkeeping said of a part of a projection at the last look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outlook {
    /// The lease, if this process holds it.
    pub(crate) fence: Option<Fence>,
    /// The model that queries read.
    pub(crate) model: Option<Checkpoint>,
    /// The event before which the part stands still.
    pub(crate) stop: Option<Stop>,
}

/// A part that a model has from now on, for somebody to look after. There will be no more of it when the sender is gone.
pub(crate) struct Newcomer {
    pub(crate) name: ProjectionName,
    pub(crate) part: u32,
    pub(crate) outlook: watch::Receiver<Outlook>,
}
