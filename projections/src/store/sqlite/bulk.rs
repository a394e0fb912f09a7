use std::sync::Arc;

use futures::future::join;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe};

/// How many rows one statement writes at most. Each statement crosses to the database's thread and back, which costs more than
/// many rows do.
const ROWS: usize = 256;
/// Up to so many rows, the statement is kept prepared. Of the larger ones only the full one is.
const FEW: usize = 8;

/// An insertion of many rows in few statements.
pub(super) struct Bulk<'a> {
    /// `INSERT INTO …`.
    pub(super) insert: &'a str,
    /// How many columns a row has.
    pub(super) columns: usize,
    /// What follows the values.
    pub(super) tail: &'a str,
}

impl Bulk<'_> {
    /// Writes rows, which `encode` turns into so many arguments as there are columns. It does so for the next statement while
    /// the database's thread carries out the one before.
    pub(super) async fn write<R>(
        &self,
        db: &mut SqliteConnection,
        rows: Vec<R>,
        mut encode: impl FnMut(R, &mut SqliteArguments) -> Result<(), BoxDynError>,
    ) -> Result<(), sqlx::Error> {
        let mut rows = rows.into_iter();
        let mut full = None;
        let mut next = || -> Result<_, sqlx::Error> {
            let count = rows.len().min(ROWS);
            let mut arguments = SqliteArguments::default();
            arguments.reserve(count * self.columns, 0);
            for row in rows.by_ref().take(count) {
                encode(row, &mut arguments).map_err(sqlx::Error::Encode)?;
            }
            Ok((count, arguments))
        };
        let (mut count, mut arguments) = next()?;
        while count > 0 {
            let sql = if count == ROWS {
                Arc::clone(full.get_or_insert_with(|| self.sql(ROWS)))
            } else {
                self.sql(count)
            };
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            let running = query.persistent(count <= FEW || count == ROWS).execute(&mut *db);
            let (done, prepared) = join(running, async { next() }).await;
            done?;
            (count, arguments) = prepared?;
        }
        Ok(())
    }

    fn sql(&self, rows: usize) -> Arc<str> {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        let values = vec![row.as_str(); rows].join(",");
        [self.insert, " VALUES ", &values, " ", self.tail].concat().into()
    }
}
