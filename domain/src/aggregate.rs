use std::fmt::Debug;

use crate::{Event, StreamId};

/// One consistency boundary: a stream, the state that its events add up to, and the decisions taken on that state.
///
/// `evolve` and `decide` are pure, so that a state can be rebuilt anywhere and a decision can be tested as *given
/// events, when command, then events or rejection*.
pub trait Aggregate: Sized + Clone + Default + Send + Sync + 'static {
    /// What names the stream, such as a provider's key.
    type Id;
    /// What can be asked of it.
    type Command;
    /// What can happen to it.
    type Event: Into<Event> + TryFrom<Event> + Clone + Debug;
    /// Why it says no.
    type Rejection;

    /// The stream that holds its events.
    fn stream(id: &Self::Id) -> StreamId;

    /// The state after one more event.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;

    /// What happens when `command` is given in this state.
    ///
    /// # Errors
    /// The reason why nothing happens.
    fn decide(&self, command: Self::Command) -> Result<Vec<Self::Event>, Self::Rejection>;
}
