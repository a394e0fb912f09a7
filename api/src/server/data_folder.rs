use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
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
    /// One that is there already is left as it is, unless it is empty: then it is made private, if it was not meant to be
    /// written by others.
    ///
    /// # Errors
    /// When it can be neither found nor made, when others may look into it, or when it holds something else.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        if let Some(above) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(above);
            made.with_context(|| format!("the data folder {shown} cannot be made"))?;
        }
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => accept(path)?,
            made => made.with_context(|| format!("the data folder {shown} cannot be made"))?,
        }
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

/// Some of the files that make a folder one of ours.
const OURS: [&str; 6] = ["lock", "log.db", "vault.db", "keystore.db", "keyring", "admin-token"];

/// What a file system makes by itself in the folder that it is mounted at.
const NOBODYS: &str = "lost+found";

/// What anybody but the owner may do.
const OTHERS: u32 = 0o077;

/// Accepts a folder that was there before. It may be somebody's home, or shared: what it is to others is not changed.
fn accept(path: &Path) -> Result<()> {
    let shown = path.display();
    let found = std::fs::metadata(path).with_context(|| format!("the data folder {shown} cannot be looked at"))?;
    if !found.is_dir() {
        bail!("{shown} is no folder: name another one with --data");
    }
    let mut empty = true;
    let mut ours = false;
    for entry in std::fs::read_dir(path).with_context(|| format!("the data folder {shown} cannot be read"))? {
        let name = entry?.file_name();
        ours |= OURS.iter().any(|known| name == *known);
        empty &= name == NOBODYS;
    }
    if !empty && !ours {
        bail!("{shown} holds something else: name a folder with --data that is empty, or that does not exist yet");
    }
    let mode = found.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    // Nobody was meant to put anything there, and there is nothing that anybody could be reading.
    if empty && mode & 0o1022 == 0 {
        let private = std::fs::set_permissions(path, Permissions::from_mode(0o700));
        return private.with_context(|| format!("the data folder {shown} is not yours"));
    }
    bail!(
        "others may look into the data folder {shown}, where keys lie: name one with --data that does not exist yet, or \
         run `chmod 700 {shown}` if it is for nothing else"
    )
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
    fn a_folder_with_something_else_in_it_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path().join("home");
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
        std::fs::write(home.join("letter"), "dear").unwrap();
        let refusal = DataFolder::open(&home).unwrap_err().to_string();
        assert!(refusal.contains("--data"), "{refusal}");
        assert_eq!(mode_of(&home), 0o755);
    }

    #[test]
    fn a_folder_that_others_may_look_into_is_refused_with_the_command_that_mends_it() {
        let place = tempfile::tempdir().unwrap();
        let (ours, shared) = (place.path().join("ours"), place.path().join("shared"));
        for (folder, mode) in [(&ours, 0o750), (&shared, 0o1777)] {
            std::fs::create_dir(folder).unwrap();
            std::fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
        }
        // With shared stores there is no log here.
        std::fs::write(ours.join("admin-token"), "soc_test").unwrap();
        for (folder, mode) in [(&ours, 0o750), (&shared, 0o1777)] {
            let refusal = DataFolder::open(folder).unwrap_err().to_string();
            assert!(
                refusal.contains(&format!("chmod 700 {}", folder.display())),
                "{refusal}"
            );
            assert_eq!(mode_of(folder), mode);
        }
        std::fs::set_permissions(&ours, Permissions::from_mode(0o700)).unwrap();
        DataFolder::open(&ours).unwrap();
    }

    #[test]
    fn an_empty_folder_that_was_made_for_it_becomes_private() {
        let place = tempfile::tempdir().unwrap();
        std::fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(place.path().join("lost+found")).unwrap();
        DataFolder::open(place.path()).unwrap();
        assert_eq!(mode_of(place.path()), 0o700);
        assert!(DataFolder::open(&place.path().join("lost+found").join("deeper")).is_ok());
    }

    fn mode_of(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_folder_without_a_log_is_named() {
        let place = tempfile::tempdir().unwrap();
        let refusal = DataFolder::existing(place.path()).unwrap_err().to_string();
        assert!(refusal.contains("--data"), "{refusal}");
    }
}
