use std::sync::Arc;

use sqlx::AssertSqlSafe;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

/// How many rows one statement writes. Each statement crosses to the database's thread and back, which costs more than a
/// row; few sizes keep the number of prepared statements small.
const SIZES: [usize; 3] = [64, 8, 1];

/// An insertion of many rows in few statements.
#[derive(Debug, Clone)]
pub(crate) struct Bulk([(usize, Arc<str>); SIZES.len()]);

/// A statement with its arguments, made before the writing connection is taken, so that others wait less.
pub(crate) struct Statement {
    sql: Arc<str>,
    arguments: SqliteArguments,
}

impl Bulk {
    /// `INSERT INTO …` of rows with this many columns, and what follows the values.
    pub(crate) fn new(insert: &str, columns: usize, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(", "));
        Self(SIZES.map(|rows| {
            (
                rows,
                format!("{insert} VALUES {} {tail}", vec![row.as_str(); rows].join(", ")).into(),
            )
        }))
    }

    /// The statements that write `rows`, in their order.
    pub(crate) fn statements<R>(
        &self,
        rows: impl ExactSizeIterator<Item = R>,
        mut encode: impl FnMut(R, &mut SqliteArguments) -> Result<(), BoxDynError>,
    ) -> Result<Vec<Statement>, sqlx::Error> {
        let mut rows = rows;
        let mut statements = Vec::with_capacity(rows.len() / SIZES[0] + 1);
        for (size, sql) in &self.0 {
            while rows.len() >= *size {
                let mut arguments = SqliteArguments::default();
                for row in rows.by_ref().take(*size) {
                    encode(row, &mut arguments).map_err(sqlx::Error::Encode)?;
                }
                statements.push(Statement {
                    sql: Arc::clone(sql),
                    arguments,
                });
            }
        }
        Ok(statements)
    }
}

impl Statement {
    pub(crate) async fn run(self, db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query_with(AssertSqlSafe(self.sql), self.arguments)
            .execute(db)
            .await?;
        Ok(())
    }
}
