use std::error::Error;
use std::fmt;

/// An error for whoever reads the lines of this process: its own sentence and those of everything that caused it, the outermost
/// first. What a [`crate::LogError`] says by itself, say, does not tell what is wrong with the server.
///
/// Each once: some errors repeat the sentence of their cause.
#[derive(Debug, Clone, Copy)]
pub struct Causes<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let sentence = error.to_string();
            if !said.contains(&sentence) {
                write!(f, ": {sentence}")?;
                said = sentence;
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Layer {
        said: &'static str,
        #[source]
        cause: Option<Box<Layer>>,
    }

    #[test]
    fn every_cause_is_told_once() {
        let layer = |said, cause: Option<Layer>| Layer {
            said,
            cause: cause.map(Box::new),
        };
        let disk = layer("the disk is full", None);
        let same = layer("no commit: the disk is full", Some(disk));
        let error = layer("the log cannot be reached", Some(same));
        assert_eq!(
            Causes(&error).to_string(),
            "the log cannot be reached: no commit: the disk is full"
        );
    }
}
