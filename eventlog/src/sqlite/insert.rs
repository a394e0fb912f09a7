use std::sync::LazyLock;

use sqlx::Arguments;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use crate::writer::Pending;
use crate::{NewEvent, envelope};

/// The columns of `events`, in the order in which they are bound.
const COLUMNS: usize = 6;
/// How many rows the statements insert. A run of rows is filled up with nulls to the next of these sizes, so that there
/// are few statements, each prepared once.
const SIZES: [usize; 3] = [1, 8, 64];
const MOST: usize = SIZES[SIZES.len() - 1];
/// The statements, one for each of [`SIZES`].
static INSERTS: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| SIZES.map(statement));

/// The statement that inserts up to `rows` rows: the first, and those of the others that are bound.
fn statement(rows: usize) -> String {
    let row = format!("({})", ["?"; COLUMNS].join(", "));
    let values = vec![row; rows].join(", ");
    let columns = "position, stream, revision, id, envelope, data";
    if rows == 1 {
        format!("INSERT INTO events ({columns}) VALUES {values}")
    } else {
        format!("INSERT INTO events ({columns}) SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL")
    }
}

/// The rows of a commit, as the arguments of the statements that insert them.
#[derive(Default)]
pub(super) struct Rows {
    chunks: Vec<(usize, SqliteArguments)>,
}

impl Rows {
    /// Adds the events of `pending`, of which the first has this revision and position.
    pub(super) fn add(&mut self, pending: &Pending, revision: u64, position: u64) -> Result<(), sqlx::Error> {
        let stream = pending.stream.to_string();
        let numbers = (revision..).zip(position..);
        for ((event, prepared), (revision, position)) in pending.events.iter().zip(&pending.prepared).zip(numbers) {
            if self.chunks.last().is_none_or(|(rows, _)| *rows == MOST) {
                self.chunks.push((0, SqliteArguments::default()));
            }
            if let Some((rows, arguments)) = self.chunks.last_mut() {
                let envelope = envelope::complete(prepared, event.id, &stream, revision, position);
                bind(arguments, &stream, revision, position, event, envelope).map_err(sqlx::Error::Encode)?;
                *rows += 1;
            }
        }
        Ok(())
    }

    pub(super) async fn insert(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        for (rows, arguments) in self.chunks {
            let size = SIZES.iter().position(|size| *size >= rows).unwrap_or(SIZES.len() - 1);
            sqlx::query_with(INSERTS[size].as_str(), arguments)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

fn bind(
    row: &mut SqliteArguments,
    stream: &str,
    revision: u64,
    position: u64,
    event: &NewEvent,
    envelope: String,
) -> Result<(), sqlx::error::BoxDynError> {
    row.add(position.cast_signed())?;
    row.add(stream)?;
    row.add(revision.cast_signed())?;
    row.add(event.id.uuid().as_bytes().as_slice())?;
    row.add(envelope)?;
    row.add(event.data.as_str())
}
