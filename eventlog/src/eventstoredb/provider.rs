//! The client's demand on the process: to be the one that chooses how TLS is done.
//!
//! At its first connection it installs aws-lc as the process-wide provider of rustls, and panics, on a task of its own, if
//! there is one already. All that its callers see is that the connection is closed.

use eventstore::Client;
use rustls::crypto::CryptoProvider;
use tokio::sync::Mutex;

use super::connection::unavailable;
use crate::LogError;

/// Whether a client has installed its provider.
static INSTALLED: Mutex<bool> = Mutex::const_new(false);

/// Makes a client; the first one alone, so that what is found installed afterwards is its own.
pub(super) async fn first_client(make: impl Fn() -> Result<Client, LogError>) -> Result<Client, LogError> {
    let mut installed = INSTALLED.lock().await;
    if *installed {
        return make();
    }
    if CryptoProvider::get_default().is_some() {
        return Err(unavailable(
            "its client cannot be used in a process that has chosen a provider of cryptography for rustls: \
             something called `CryptoProvider::install_default` before the log was opened; open the log first",
        ));
    }
    let client = make()?;
    // The provider is installed before the first answer, whatever that is.
    let _ = client.server_info().await;
    *installed = CryptoProvider::get_default().is_some();
    Ok(client)
}
