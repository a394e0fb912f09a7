use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use crate::VaultError;

/// Held while the vault is open, so that a process that opens it knows whether it is alone. Only then may it clean up
/// after a crash: what looks like a remainder may be what another process is writing at this moment.
///
/// An advisory lock (`flock`) on `<vault>.lock`; the system releases it when the process ends, however it ends.
pub(crate) struct OpenLock {
    file: File,
}

impl OpenLock {
    /// Waits until no other process is cleaning up, and takes the lock. Also answers whether this process is alone; the
    /// others wait from then on until [`OpenLock::share`].
    pub(crate) async fn take(vault: &Path) -> Result<(Self, bool), VaultError> {
        let mut path = vault.as_os_str().to_owned();
        path.push(".lock");
        let failed = VaultError::file(path.as_ref());
        let mut how = OpenOptions::new();
        let file = how
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(&failed)?;
        match file.try_lock() {
            Ok(()) => Ok((Self { file }, true)),
            Err(TryLockError::Error(error)) => Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                let waiting = tokio::task::spawn_blocking(move || file.lock_shared().map(|()| file));
                let file = waiting
                    .await
                    .map_err(|_| VaultError::Stopped("the runtime is ending"))?
                    .map_err(failed)?;
                Ok((Self { file }, false))
            }
        }
    }

    /// Lets others in.
    pub(crate) async fn share(self: &Arc<Self>) -> Result<(), VaultError> {
        let this = self.clone();
        // Released first, because what a second lock on a locked file does is not specified. Another process may clean
        // up in between; nothing of this one is at stake yet.
        let sharing = tokio::task::spawn_blocking(move || {
            this.file.unlock()?;
            this.file.lock_shared()
        });
        let shared = sharing
            .await
            .map_err(|_| VaultError::Stopped("the runtime is ending"))?;
        shared.map_err(VaultError::file(Path::new("the vault's lock file")))
    }
}
