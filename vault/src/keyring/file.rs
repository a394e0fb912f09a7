use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use domain::KekId;

use super::{KeyProvider, KeyRing, KeyringError, text};
use crate::key::SivKey;
use crate::plain::Plain;

/// A key ring in a file of mode 0400.
pub struct KeyringFile {
    path: PathBuf,
}

impl KeyringFile {
    /// The key ring in the file at `path`, which may not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Writes the whole ring beside the file, then puts it in its place: whoever reads finds the old one or the new
    /// one, also after a crash.
    fn replace(&self, ring: &KeyRing) -> std::io::Result<()> {
        let fresh = beside(&self.path, ".new");
        // What a crash left behind. Nobody else is writing: the lock file is held.
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(&fresh)?;
        file.write_all(text::write(ring).bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        // The rename itself is durable only when the folder is.
        File::open(folder(&self.path))?.sync_all()
    }

    /// Held while the file is changed: two processes that add at once would lose one of the keys.
    fn lock(&self) -> Result<File, KeyringError> {
        let mut how = OpenOptions::new();
        let lock = how
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(beside(&self.path, ".lock"));
        let lock = lock.map_err(self.failed())?;
        lock.lock().map_err(self.failed())?;
        Ok(lock)
    }

    fn failed(&self) -> impl Fn(std::io::Error) -> KeyringError {
        |source| KeyringError::File {
            path: self.path.clone(),
            source,
        }
    }

    fn malformed(&self, what: &'static str) -> KeyringError {
        KeyringError::Malformed {
            path: self.path.clone(),
            what,
        }
    }
}

impl KeyProvider for KeyringFile {
    fn load(&self) -> Result<Option<KeyRing>, KeyringError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed()(error)),
        };
        // Asked of the open file, so that it cannot be exchanged between the look and the reading.
        let facts = file.metadata().map_err(self.failed())?;
        if !facts.is_file() {
            return Err(self.malformed("it is not a plain file"));
        }
        let mode = facts.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyringError::Exposed {
                path: self.path.clone(),
                mode,
            });
        }
        let length = usize::try_from(facts.len()).unwrap_or(usize::MAX);
        if length > text::MAX_LEN {
            return Err(self.malformed("it is too long"));
        }
        let mut content = Plain::of(vec![0; length]);
        file.read_exact(content.buffer()).map_err(self.failed())?;
        text::read(content.bytes())
            .map(Some)
            .map_err(|what| self.malformed(what))
    }

    fn add(&self, above: KekId) -> Result<KekId, KeyringError> {
        let _lock = self.lock()?;
        let mut ring = self.load()?.unwrap_or_default();
        let full = || KeyringError::Full { place: self.place() };
        if ring.ids().count() >= KeyRing::MAX_KEYS {
            return Err(full());
        }
        let last = ring.ids().next_back().unwrap_or(KekId(0)).max(above);
        let id = KekId(last.0.checked_add(1).ok_or_else(full)?);
        ring.put(id, SivKey::random().map_err(|_| KeyringError::NoRandomness)?);
        self.replace(&ring).map_err(self.failed())?;
        Ok(id)
    }

    fn remove(&self, id: KekId) -> Result<(), KeyringError> {
        let _lock = self.lock()?;
        let mut ring = self.load()?.unwrap_or_default();
        if !ring.take_out(id) {
            return Ok(());
        }
        self.replace(&ring).map_err(self.failed())
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
