use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::is_global;
use crate::guard::Reach;

/// Where the addresses of a name come from. The system's own resolver in production.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of a name; one that ends with a dot is absolute (RFC 1034, section 3.1).
    ///
    /// Port 0 stands for the port of the URL, and a call to a public host never takes another. Only for a host that the
    /// operator excepted ([`crate::EgressConfig::allow`]) does another port count: so can a double stand in for a
    /// provider under the provider's own name.
    ///
    /// # Errors
    ///
    /// When the name has no address or nobody can be asked.
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>>;
}

/// The resolver of the operating system, with its hosts file and its caches.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.collect())
    }
}

/// One of the answers for a public host was not a public address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to an address that is not allowed")]
pub(crate) struct NotGlobal;

/// The resolver inside the client's connector. What it returns is what is connected to: nobody resolves again between
/// the check and the connection, so a name that changes its mind (DNS rebinding) gains nothing.
pub(crate) struct GuardedResolver {
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

impl GuardedResolver {
    /// A resolver for hosts of one reach.
    pub(crate) fn new(lookup: Arc<dyn Lookup>, reach: Reach) -> Self {
        Self { lookup, reach }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.lookup);
        let reach = self.reach;
        Box::pin(async move {
            let addresses = match reach {
                Reach::Public => public_addresses(lookup.as_ref(), name.as_str()).await?,
                Reach::Excepted => lookup.lookup(name.as_str()).await?,
            };
            if addresses.is_empty() {
                return Err(io::Error::from(io::ErrorKind::NotFound).into());
            }
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

/// The addresses of a public name; a single one that is not global condemns them all.
async fn public_addresses(lookup: &dyn Lookup, name: &str) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    // Absolute, so that neither a search domain nor the hosts file of this machine can take the name over.
    let answers = lookup.lookup(&format!("{name}.")).await?;
    if !answers.iter().all(|answer| is_global(answer.ip())) {
        return Err(Box::new(NotGlobal));
    }
    Ok(answers
        .into_iter()
        .map(|answer| SocketAddr::new(answer.ip(), 0))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::str::FromStr;
    use std::sync::Mutex;

    use super::*;

    /// Gives one answer after the other, and remembers the names that it was asked for.
    struct Scripted {
        answers: Mutex<VecDeque<Vec<SocketAddr>>>,
        names: Mutex<Vec<String>>,
    }

    impl Scripted {
        fn new(answers: &[&[&str]]) -> Arc<Self> {
            let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
            Arc::new(Self {
                answers: Mutex::new(answers.iter().map(parse).collect()),
                names: Mutex::default(),
            })
        }
    }

    #[async_trait]
    impl Lookup for Scripted {
        async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
            self.names.lock().unwrap().push(name.to_owned());
            Ok(self.answers.lock().unwrap().pop_front().expect("one lookup too many"))
        }
    }

    async fn resolve(lookup: &Arc<Scripted>, reach: Reach) -> Result<Vec<String>, String> {
        let resolver = GuardedResolver::new(Arc::clone(lookup) as Arc<dyn Lookup>, reach);
        match resolver.resolve(Name::from_str("api.provider.com").unwrap()).await {
            Ok(addresses) => Ok(addresses.map(|address| address.to_string()).collect()),
            Err(error) => {
                assert!(error.is::<NotGlobal>());
                Err(error.to_string())
            }
        }
    }

    #[tokio::test]
    async fn the_connection_gets_exactly_the_addresses_that_were_checked() {
        let lookup = Scripted::new(&[&["93.184.215.14:0", "[2606:4700::1]:0"]]);
        let addresses = resolve(&lookup, Reach::Public).await.unwrap();
        assert_eq!(addresses, ["93.184.215.14:0", "[2606:4700::1]:0"]);
        assert_eq!(
            *lookup.names.lock().unwrap(),
            ["api.provider.com."],
            "asked once, absolutely"
        );
    }

    #[tokio::test]
    async fn a_name_that_turns_private_is_refused_at_its_next_lookup() {
        let lookup = Scripted::new(&[&["93.184.215.14:0"], &["127.0.0.1:0"]]);
        resolve(&lookup, Reach::Public).await.unwrap();
        resolve(&lookup, Reach::Public).await.unwrap_err();
    }

    #[tokio::test]
    async fn one_private_answer_among_public_ones_condemns_the_name() {
        for private in [
            "10.0.0.1:0",
            "169.254.169.254:0",
            "[::1]:0",
            "[::ffff:127.0.0.1]:0",
            "[64:ff9b::7f00:1]:0",
        ] {
            for answers in [["93.184.215.14:0", private], [private, "93.184.215.14:0"]] {
                let lookup = Scripted::new(&[&answers]);
                let refusal = resolve(&lookup, Reach::Public).await.unwrap_err();
                assert_eq!(refusal, "the name leads to an address that is not allowed");
            }
        }
    }

    #[tokio::test]
    async fn a_public_name_cannot_choose_its_port() {
        let lookup = Scripted::new(&[&["93.184.215.14:8443"]]);
        assert_eq!(resolve(&lookup, Reach::Public).await.unwrap(), ["93.184.215.14:0"]);
    }

    #[tokio::test]
    async fn an_excepted_name_may_lead_anywhere() {
        let lookup = Scripted::new(&[&["127.0.0.1:8443"]]);
        assert_eq!(resolve(&lookup, Reach::Excepted).await.unwrap(), ["127.0.0.1:8443"]);
        assert_eq!(*lookup.names.lock().unwrap(), ["api.provider.com"]);
    }
}
