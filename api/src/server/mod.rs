//! The composition root: the one place where adapters are chosen, the clock is read and ids are made.

mod data_folder;
mod first_start;
mod forgetting;
mod hardening;
mod log_lines;
mod logging;
mod running;
mod seeds;
mod start;
mod stores;
mod sweeping;
mod text_line;
mod write_side;

pub use data_folder::{DataFolder, FolderLock};
pub use hardening::{forbid_core_dumps, keep_files_private};
pub use logging::{Log, LogFormat, start_logging};
pub use running::Running;
pub use seeds::seeds;
pub use start::{Settings, start};
pub use stores::{BusPlace, DbPlace, LogPlace, Stores};
pub use write_side::{WriteSide, egress_policy};
