use domain::Position;

/// The result of a command that was carried out, now or when it was sent for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt<T> {
    /// The result.
    pub value: T,
    /// The position of the command's last event, or of the stream's last event when nothing had to change: a query that
    /// waits for it sees the result.
    pub position: Position,
    /// The revision of the aggregate's stream after the command.
    pub revision: u64,
    /// Whether the command was carried out before, and this is its first result again.
    pub replayed: bool,
}

impl<T> Receipt<T> {
    /// The same receipt over something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Receipt<U> {
        Receipt {
            value: change(self.value),
            position: self.position,
            revision: self.revision,
            replayed: self.replayed,
        }
    }
}
