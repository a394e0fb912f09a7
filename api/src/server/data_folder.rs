use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use secrecy::{ExposeSecret, SecretString};
use vault::VaultPaths;

/// The folder with everything that is kept: the log, the vault, the keys of the vault, the read models.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

/// The right to write the folder's read models and to serve it. It ends with the process, however that ends.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "the lock is held for as long as the file is open")] File);

impl DataFolder {
    /// Opens the folder; makes it when it is missing. Nobody but its owner may look into it.
    ///
    /// # Errors
    /// When it can be neither found nor made.
    pub fn open(path: &Path) -> Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.with_context(|| format!("the data folder {} cannot be made", path.display()))?;
        let private = std::fs::set_permissions(path, Permissions::from_mode(0o700));
        private.with_context(|| format!("the data folder {} is not yours", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// Opens a folder that is there already.
    ///
    /// # Errors
    /// When it holds no log.
    pub fn existing(path: &Path) -> Result<Self> {
        let folder = Self(path.to_owned());
        if folder.log().exists() {
            return Ok(folder);
        }
        bail!(
            "{} holds no data: name the right folder with --data, or start `soconnective serve` once",
            path.display()
        )
    }

    /// Takes the folder for this process alone.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self) -> Result<FolderLock> {
        let path = self.0.join("lock");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let mut file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                bail!(
                    "another soconnective (process {}) is serving {}: stop it first, or choose another folder with --data",
                    holder.trim(),
                    self.0.display()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
            }
        }
        // For the person who meets the lock; the lock itself is the operating system's.
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(FolderLock(file))
    }

    /// Writes the first admin's token so that the owner of the folder alone can read it, all of it or none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_admin_token(&self, token: &SecretString) -> Result<()> {
        let path = self.admin_token();
        let new = self.0.join("admin-token.new");
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&new)?;
            writeln!(file, "{}", token.expose_secret())?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().with_context(|| format!("the admin token cannot be written to {}", path.display()))
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database of the log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("log.db")
    }

    /// The database of the read models, which can be thrown away.
    #[must_use]
    pub fn read(&self) -> PathBuf {
        self.0.join("read.db")
    }

    /// The files of the vault.
    #[must_use]
    pub fn vault(&self) -> VaultPaths {
        VaultPaths {
            vault: self.0.join("vault.db"),
            keystore: self.0.join("keystore.db"),
            keyring: self.0.join("keyring"),
        }
    }

    /// The first admin's token.
    #[must_use]
    pub fn admin_token(&self) -> PathBuf {
        self.0.join("admin-token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_served_is_refused_with_the_process_that_serves_it() {
        let place = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&place.path().join("data")).unwrap();
        let lock = folder.lock().unwrap();
        let refusal = folder.lock().unwrap_err().to_string();
        assert!(
            refusal.contains(&format!("process {}", std::process::id())),
            "{refusal}"
        );
        drop(lock);
        folder.lock().unwrap();
    }

    #[test]
    fn nobody_else_may_look_into_the_folder_or_read_the_token() {
        let place = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&place.path().join("data")).unwrap();
        folder.write_admin_token(&SecretString::from("soc_test")).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.admin_token()), 0o600);
        assert_eq!(std::fs::read_to_string(folder.admin_token()).unwrap(), "soc_test\n");
    }

    #[test]
    fn a_folder_without_a_log_is_named() {
        let place = tempfile::tempdir().unwrap();
        let refusal = DataFolder::existing(place.path()).unwrap_err().to_string();
        assert!(refusal.contains("--data"), "{refusal}");
    }
}
