use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use egress::OperatorClient;
use secrecy::SecretString;
use url::Url;

use crate::sign_on::SignOnSettings;

/// Where the identity provider sends people back to.
const BACK: &str = "/sign-in/oidc/back";

/// What is always asked for. Without `openid` it would not be `OpenID` Connect.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// More than any provider's secrets have in bytes.
const LONGEST_SECRET: u64 = 4096;

/// Where people sign in, beside tokens: an identity provider that speaks `OpenID` Connect.
#[derive(Debug, Clone, Default, Args)]
pub struct OidcArgs {
    /// An identity provider at which people may sign in, by the address that it calls itself by. Needs `--oidc-client-id`
    /// and `--public-url`; at the provider, allow the redirect address `<public url>/sign-in/oidc/back`.
    #[arg(
        id = "oidc-issuer",
        long = "oidc-issuer",
        value_name = "URL",
        env = "SOCONNECTIVE_OIDC_ISSUER"
    )]
    pub issuer: Option<oidc::Issuer>,
    /// The name under which it knows this product.
    #[arg(
        id = "oidc-client-id",
        long = "oidc-client-id",
        value_name = "ID",
        env = "SOCONNECTIVE_OIDC_CLIENT_ID"
    )]
    pub client_id: Option<String>,
    /// A file of mode 0600 with the secret that it gave this product; leave it out for a public client.
    #[arg(
        id = "oidc-client-secret-file",
        long = "oidc-client-secret-file",
        value_name = "FILE",
        env = "SOCONNECTIVE_OIDC_CLIENT_SECRET_FILE"
    )]
    pub client_secret_file: Option<PathBuf>,
    /// The claim of the ID token with people's memberships, such as `soconnective:account_admin:acme`; a JSON pointer if it
    /// begins with `/`. `groups` when left out.
    #[arg(
        id = "oidc-claim",
        long = "oidc-claim",
        value_name = "CLAIM",
        env = "SOCONNECTIVE_OIDC_CLAIM"
    )]
    pub claim: Option<String>,
    /// A scope to ask for beside openid, profile and email. Repeat it, or separate several by commas in the environment
    /// variable.
    #[arg(
        value_name = "SCOPE",
        env = "SOCONNECTIVE_OIDC_SCOPE",
        long = "oidc-scope",
        id = "oidc-scope",
        value_delimiter = ','
    )]
    pub scope: Vec<String>,
    /// What people call it: the sign-in page says "Continue with NAME".
    #[arg(
        value_name = "NAME",
        env = "SOCONNECTIVE_OIDC_NAME",
        long = "oidc-name",
        id = "oidc-name",
        default_value = "single sign-on"
    )]
    pub name: String,
}

impl OidcArgs {
    /// What these mean for pages at this address; none when no provider is named.
    ///
    /// # Errors
    /// What does not go together or cannot be read, and what to change.
    pub fn settings(&self, public_url: Option<&Url>) -> Result<Option<SignOnSettings>> {
        let Some(issuer) = self.issuer.clone() else {
            return self.nothing_else().map(|()| None);
        };
        let Some(client_id) = self.client_id.clone().filter(|id| !id.is_empty()) else {
            bail!(
                "--oidc-issuer needs --oidc-client-id: register this product at the provider, and give the id that it has there"
            );
        };
        let Some(public_url) = public_url else {
            bail!("--oidc-issuer needs --public-url: the provider sends people back to <public url>{BACK}");
        };
        if !OperatorClient::may_call(public_url) {
            bail!("with --oidc-issuer the --public-url must be https; http is for pages on this machine alone");
        }
        let file = self.client_secret_file.as_deref();
        let mut scopes: Vec<_> = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        for scope in &self.scope {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        let claim = self.claim.clone().unwrap_or_else(|| "groups".to_owned());
        Ok(Some(SignOnSettings {
            oidc: oidc::Config {
                issuer,
                client_id,
                client_secret: file.map(secret).transpose()?,
                redirect: public_url
                    .join(BACK)
                    .context("the value of --public-url cannot be used")?,
                scopes,
                claim: claim.into(),
            },
            name: self.name.clone(),
        }))
    }

    fn nothing_else(&self) -> Result<()> {
        let alone = [
            ("--oidc-client-id", self.client_id.is_some()),
            ("--oidc-client-secret-file", self.client_secret_file.is_some()),
            ("--oidc-claim", self.claim.is_some()),
            ("--oidc-scope", !self.scope.is_empty()),
        ];
        match alone.into_iter().find(|(_, given)| *given) {
            Some((name, _)) => bail!("{name} needs --oidc-issuer: name the identity provider, or leave {name} out"),
            None => Ok(()),
        }
    }
}

/// The secret in a file that nobody but its owner may read.
fn secret(path: &Path) -> Result<SecretString> {
    let shown = path.display();
    let cannot = || format!("the secret of --oidc-client-secret-file cannot be read from {shown}");
    let file = File::open(path).with_context(cannot)?;
    // Asked of the open file, so that it cannot be exchanged between the look and the reading.
    let mode = file.metadata().with_context(cannot)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        bail!("{shown} may be read by others than its owner (mode {mode:04o}): run `chmod 0600 {shown}`");
    }
    let mut text = String::new();
    file.take(LONGEST_SECRET)
        .read_to_string(&mut text)
        .with_context(cannot)?;
    let text = SecretString::from(text);
    let trimmed = secrecy::ExposeSecret::expose_secret(&text).trim();
    if trimmed.is_empty() {
        bail!(
            "{shown} is empty: write the client's secret into it, or leave --oidc-client-secret-file out for a public client"
        );
    }
    Ok(trimmed.into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret;

    use super::*;

    fn args() -> OidcArgs {
        OidcArgs {
            issuer: Some("https://id.example.com".parse().unwrap()),
            client_id: Some("soconnective".to_owned()),
            ..OidcArgs::default()
        }
    }

    fn public() -> Url {
        "https://integrations.example.com".parse().unwrap()
    }

    fn refused(args: &OidcArgs, public_url: Option<&str>) -> String {
        let url = public_url.map(|url| url.parse().unwrap());
        args.settings(url.as_ref()).unwrap_err().to_string()
    }

    #[test]
    fn an_issuer_and_a_client_are_enough() {
        let mut args = args();
        args.scope = vec!["groups".to_owned(), "email".to_owned()];
        let settings = args.settings(Some(&public())).unwrap().unwrap();
        assert_eq!(
            settings.oidc.redirect.as_str(),
            "https://integrations.example.com/sign-in/oidc/back"
        );
        assert_eq!(settings.oidc.scopes, ["openid", "profile", "email", "groups"]);
        assert_eq!(settings.oidc.claim.as_str(), "groups");
        assert!(settings.oidc.client_secret.is_none());
        assert!(OidcArgs::default().settings(None).unwrap().is_none());
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_what_to_change() {
        let mut nameless = args();
        nameless.client_id = None;
        assert!(refused(&nameless, Some("https://x.example")).contains("needs --oidc-client-id"));
        assert!(refused(&args(), None).contains("needs --public-url"));
        assert!(refused(&args(), Some("http://x.example")).contains("must be https"));
        assert!(args().settings(Some(&"http://127.0.0.1:8080".parse().unwrap())).is_ok());
        let lonely = OidcArgs {
            claim: Some("roles".to_owned()),
            ..OidcArgs::default()
        };
        assert!(refused(&lonely, None).contains("--oidc-claim needs --oidc-issuer"));
    }

    #[test]
    fn a_secret_is_read_from_a_file_that_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let set = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        set("s3cret\n", 0o600);
        assert_eq!(secret(&path).unwrap().expose_secret(), "s3cret");
        set("s3cret\n", 0o640);
        let error = secret(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 0600") && !error.contains("s3cret"), "{error}");
        set(" \n", 0o600);
        assert!(secret(&path).unwrap_err().to_string().contains("is empty"));
        fs::remove_file(&path).unwrap();
        assert!(secret(&path).unwrap_err().to_string().contains("cannot be read"));
    }
}
