/// About how many bytes of rows one statement carries: the server, and this process, hold all of it in memory, more than once.
pub(super) const BYTES: usize = 4 << 20;

/// How many of the first rows go into one statement: at most `most`, and at least one, however large it is.
pub(super) fn fitting<T>(rows: &[T], most: usize, size: impl Fn(&T) -> usize) -> usize {
    let mut bytes: usize = 0;
    let fit = rows.iter().take(most).take_while(|row| {
        bytes = bytes.saturating_add(size(row));
        bytes <= BYTES
    });
    fit.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_a_bound_in_rows_and_in_bytes_and_takes_one_row_in_any_case() {
        let small = vec![100; 5000];
        assert_eq!(fitting(&small, 1024, |size| *size), 1024);
        let large = vec![40_000; 5000];
        assert_eq!(fitting(&large, 1024, |size| *size), BYTES / 40_000);
        let huge = vec![BYTES + 1, 1];
        assert_eq!(fitting(&huge, 1024, |size| *size), 1);
        assert_eq!(fitting(&[BYTES, 1], 1024, |size| *size), 1);
        assert_eq!(fitting(&[usize::MAX, usize::MAX], 1024, |size| *size), 1);
    }
}
