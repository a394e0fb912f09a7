//! How long a source file may be.

use std::path::Path;

/// In lines. A file that outgrows it holds more than one concept.
pub(crate) const LIMIT: usize = 400;

/// The Rust files under `folder` with their lengths in lines, named from `root`.
pub(crate) fn measure(root: &Path, folder: &Path) -> anyhow::Result<Vec<(String, usize)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(measure(root, &path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root)?.display().to_string();
            files.push((name, std::fs::read_to_string(&path)?.lines().count()));
        }
    }
    Ok(files)
}

/// The files over [`LIMIT`].
pub(crate) fn too_long(files: &[(String, usize)]) -> Vec<String> {
    let over = files.iter().filter(|(_, lines)| *lines > LIMIT);
    over.map(|(name, lines)| format!("{name} has {lines} lines; {LIMIT} are allowed"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_over_the_limit_is_named_and_one_at_the_limit_is_not() {
        let files = [("a.rs".to_owned(), LIMIT), ("b.rs".to_owned(), LIMIT + 1)];
        assert_eq!(too_long(&files), ["b.rs has 401 lines; 400 are allowed"]);
    }
}
