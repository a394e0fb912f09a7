use std::path::PathBuf;
use std::time::Duration;

/// How requests are measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the files of the servers are made: it must be on the disk that is to be measured.
    #[arg(long, default_value = ".")]
    pub(super) folder: PathBuf,
    /// How often each measurement and its floor are taken, by turns. The median of the ratios counts.
    #[arg(long, default_value_t = 7)]
    pub(super) rounds: usize,
    /// For how many milliseconds each is taken.
    #[arg(long, default_value_t = 1000)]
    millis: u64,
    /// How many clients ask at the same time, each on a connection of its own.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64])]
    pub(super) clients: Vec<usize>,
}

impl Options {
    pub(super) const fn span(&self) -> Duration {
        Duration::from_millis(self.millis)
    }
}
