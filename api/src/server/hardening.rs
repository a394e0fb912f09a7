use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask};

/// Switches core dumps off, so that no key ever lands in a file by a crash, and keeps other processes of the same user
/// from reading this one's memory.
pub fn forbid_core_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "core dumps cannot be limited");
    }
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "this process stays dumpable");
    }
}

/// Has every file that this process makes from here on belong to its user alone, whatever made it: the database's side
/// files too.
pub fn keep_files_private() {
    umask(Mode::RWXG | Mode::RWXO);
}
