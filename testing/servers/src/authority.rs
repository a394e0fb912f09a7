use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use crate::postgres::orderly;

/// A certificate authority of a test, which no machine trusts unless its file is named.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// What a server shows of itself, and the key with which it proves that, as PEM.
pub struct Certificate {
    /// What it shows.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// The system gives no random bytes, or no temporary folder.
    #[must_use]
    pub fn new() -> Self {
        orderly(Self::make())
    }

    fn make() -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("ca.pem"), issuer.pem())?;
        Ok(Self { issuer, folder })
    }

    /// The PEM file with its certificate, which is there as long as this is.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for the server that is reached by this name or address.
    ///
    /// # Panics
    /// It is no name.
    #[must_use]
    pub fn certify(&self, name: &str) -> Certificate {
        orderly(self.issue(name))
    }

    fn issue(&self, name: &str) -> anyhow::Result<Certificate> {
        let key = KeyPair::generate()?;
        let signed = CertificateParams::new([name.to_owned()])?.signed_by(&key, &self.issuer)?;
        Ok(Certificate {
            certificate: signed.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Certificate {
    /// Writes both into a server's folder: the files of certificate and key.
    pub(crate) fn write_to(&self, folder: &Path) -> anyhow::Result<[PathBuf; 2]> {
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        fs::write(&certificate, &self.certificate)?;
        fs::write(&key, &self.key)?;
        // PostgreSQL refuses a key that others may read.
        fs::set_permissions(&key, Permissions::from_mode(0o600))?;
        Ok([certificate, key])
    }
}
