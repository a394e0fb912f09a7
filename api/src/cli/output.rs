use std::io::Write;

use eventlog::certificate_advice;

/// Prints a line for the person at the terminal. A closed pipe is no reason to fail.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// What names trusted authorities in the URL of PostgreSQL. The adapters of other servers say by themselves what to change.
const AUTHORITY: &str = "sslrootcert";

/// Prints an error with its causes, one sentence each, and what to change where that is known.
pub(super) fn error(error: &anyhow::Error) {
    let mut err = std::io::stderr();
    let _ = writeln!(err, "soconnective: {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(err, "  because: {cause}");
    }
    if let Some(advice) = certificate_advice(error.as_ref(), AUTHORITY) {
        let _ = writeln!(err, "  next: {advice}");
    }
}

/// Prints rows as a table with aligned columns.
pub(super) fn table(header: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = header.iter().map(|title| title.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        line(text.trim_end());
    };
    print(&mut header.iter().copied());
    for row in rows {
        print(&mut row.iter().map(String::as_str));
    }
}
