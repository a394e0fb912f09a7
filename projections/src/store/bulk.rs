use std::sync::Arc;

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe};

/// How many rows one statement writes at most. Each statement crosses to the database's thread and back, which costs more than
/// many rows do.
const ROWS: usize = 256;
/// Up to so many rows, the statement is kept prepared. Of the larger ones only the full one is.
const FEW: usize = 8;

/// An insertion of many rows in few statements.
#[derive(Debug, Clone)]
pub(crate) struct Bulk {
    insert: Arc<str>,
    columns: usize,
    tail: &'static str,
    full: Arc<str>,
}

/// Rows on their way into statements. They are encoded as they come, before the writing connection is taken, so that
/// others wait less.
pub(crate) struct Rows {
    bulk: Bulk,
    full: Vec<Statement>,
    open: SqliteArguments,
    count: usize,
}

/// A statement with its arguments.
pub(crate) struct Statement {
    sql: Arc<str>,
    arguments: SqliteArguments,
    kept: bool,
}

impl Bulk {
    /// `INSERT INTO …` of rows with this many columns, and what follows the values.
    pub(crate) fn new(insert: String, columns: usize, tail: &'static str) -> Self {
        let full = sql(&insert, columns, ROWS, tail);
        Self {
            insert: insert.into(),
            columns,
            tail,
            full,
        }
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows {
            bulk: self.clone(),
            full: Vec::new(),
            open: SqliteArguments::default(),
            count: 0,
        }
    }
}

impl Rows {
    /// Adds a row, which `encode` writes as so many arguments as there are columns.
    pub(crate) fn add(
        &mut self,
        encode: impl FnOnce(&mut SqliteArguments) -> Result<(), BoxDynError>,
    ) -> Result<(), sqlx::Error> {
        if self.open.len() == 0 {
            let rows = if self.full.is_empty() { 1 } else { ROWS };
            self.open.reserve(rows * self.bulk.columns, 0);
        }
        encode(&mut self.open).map_err(sqlx::Error::Encode)?;
        self.count += 1;
        if self.count.is_multiple_of(ROWS) {
            self.full.push(Statement {
                sql: Arc::clone(&self.bulk.full),
                arguments: std::mem::take(&mut self.open),
                kept: true,
            });
        }
        Ok(())
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// The statements that write them, in their order. None are left.
    pub(crate) fn take(&mut self) -> Vec<Statement> {
        let mut statements = std::mem::take(&mut self.full);
        let left = std::mem::take(&mut self.count) % ROWS;
        if left > 0 {
            statements.push(Statement {
                sql: sql(&self.bulk.insert, self.bulk.columns, left, self.bulk.tail),
                arguments: std::mem::take(&mut self.open),
                kept: left <= FEW,
            });
        }
        statements
    }
}

impl Statement {
    pub(crate) async fn run(self, db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.arguments);
        query.persistent(self.kept).execute(db).await?;
        Ok(())
    }
}

fn sql(insert: &str, columns: usize, rows: usize, tail: &str) -> Arc<str> {
    let row = format!("({})", vec!["?"; columns].join(","));
    let values = vec![row.as_str(); rows].join(",");
    [insert, " VALUES ", &values, " ", tail].concat().into()
}
