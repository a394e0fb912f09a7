use std::sync::Arc;

use async_trait::async_trait;
use domain::Position;
use eventlog::StoredEvent;

use crate::Turn;

/// One event on the bus, chained to the one before it.
#[derive(Debug, Clone)]
pub struct Message {
    /// The position of the event before this one in the log; [`Position::START`] for the first. A reader whose
    /// checkpoint is another must read the log until it has caught up.
    pub prev: Position,
    /// The event, with its own position.
    pub event: Arc<StoredEvent>,
}

/// Delivers messages, in the order of the log, to any number of readers.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Publishes `messages` in order. A message that was published before may be delivered again.
    ///
    /// # Errors
    /// [`BusError`] when it is not known that all of them were taken, or when somebody else has published meanwhile:
    /// publish again from [`Bus::last`].
    async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError>;

    /// The position of the newest message that the bus holds; [`Position::START`] when it holds none.
    ///
    /// # Errors
    /// [`BusError`] when the bus cannot be reached.
    async fn last(&self) -> Result<Position, BusError>;

    /// Follows the messages after `after`, as far as the bus still holds them.
    ///
    /// # Errors
    /// [`BusError`] when the bus cannot be reached.
    async fn subscribe(&self, after: Position) -> Result<Box<dyn Subscription>, BusError>;

    /// Waits until it is the caller's turn to publish. A bus that other machines publish on as well gives the turn to one
    /// of them at a time; on all others it is always the caller's.
    async fn turn(&self) -> Turn {
        Turn::unlimited()
    }

    /// Forgets every message: they are not of the log as it is now. A bus that starts empty with its process may do
    /// nothing.
    ///
    /// # Errors
    /// [`BusError`] when the bus cannot be reached.
    async fn clear(&self) -> Result<(), BusError> {
        Ok(())
    }
}

/// One reader's place in the messages.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for messages and gives all that have come, at least one, in order. Cancel-safe. There may be gaps and
    /// repeats: [`Message::prev`] tells.
    ///
    /// # Errors
    /// [`BusError`] when the subscription is over: subscribe again.
    async fn next(&mut self) -> Result<Vec<Message>, BusError>;
}

/// The bus cannot deliver now.
#[derive(Debug, thiserror::Error)]
#[error("the bus cannot be reached")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
