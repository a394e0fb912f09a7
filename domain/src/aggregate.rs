use std::error::Error;
use std::fmt::Debug;

use crate::{Event, StreamId};

/// Why an aggregate says no. Its text is written for the person who asked, and repeats nothing that may be secret.
pub trait Refusal: Error + Send + Sync + 'static {
    /// A stable name for programs, in kebab case.
    fn code(&self) -> &'static str;

    /// The JSON pointer (RFC 6901) of the input that is at fault; none when the state is, not the input.
    fn pointer(&self) -> Option<&'static str> {
        None
    }
}

/// One consistency boundary: a stream, the state that its events add up to, and the decisions taken on that state.
///
/// `evolve` and `decide` are pure, so that a state can be rebuilt anywhere and a decision can be tested as *given
/// events, when command, then events or rejection*.
pub trait Aggregate: Sized + Clone + Default + Send + Sync + 'static {
    /// What names the stream, such as a provider's key.
    type Id: Clone + Debug + Send + Sync;
    /// What can be asked of it.
    type Command;
    /// What can happen to it.
    type Event: Into<Event> + TryFrom<Event> + Clone + Debug + Send + Sync;
    /// Why it says no.
    type Rejection: Refusal;

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
