use axum::extract::{Path, Query, State};
use domain::{AccountId, ConnectionName, CredentialId, Position, ProviderKey};
use projections::CredentialState;
use serde::Deserialize;

use crate::error::Failure;
use crate::history::{Happening, position};
use crate::page::{Page, html};
use crate::session::LogReader;
use crate::shell::{Here, Shell};
use crate::site::Site;
use crate::status::Badge;

/// So many steps stand on a page.
const STEPS: u32 = 50;

/// From where on a life is shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    after: String,
}

/// An event in the life of a credential, and how it stood after it.
struct Step {
    happening: Happening,
    state: CredentialState,
}

impl Step {
    fn status(&self) -> Badge {
        self.state.status.into()
    }

    /// Where each version stood, in words.
    fn versions(&self) -> Vec<String> {
        let state = &self.state;
        let one = |said: &str, version: Option<u32>| version.map(|version| format!("version {version} {said}"));
        let many = |said: &str, versions: &[u32]| match versions {
            [] => None,
            [only] => Some(format!("version {only} {said}")),
            all => {
                let all: Vec<_> = all.iter().map(u32::to_string).collect();
                Some(format!("versions {} {said}", all.join(", ")))
            }
        };
        [
            one("in use", state.current),
            one("waiting for its test", state.candidate),
            many("still valid beside it", &state.retiring),
            many("erased", &state.erased),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// The life of a credential, as it went.
#[derive(askama::Template)]
#[template(path = "audit/replay.html")]
struct ReplayPage {
    shell: Shell,
    credential: CredentialId,
    account: AccountId,
    provider: ProviderKey,
    connection: ConnectionName,
    steps: Vec<Step>,
    is_from_start: bool,
    later: Option<Position>,
}

pub(super) async fn replay(
    State(site): State<Site>,
    LogReader { viewer, only }: LogReader,
    Path(credential): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Page, Failure> {
    let credential: CredentialId = credential.parse().map_err(|_| Failure::NotFound)?;
    let after = position(&shown.after)?;
    let readable = |account: &AccountId| only.as_ref().is_none_or(|only| only == account);
    let history = site.projections.history();
    let life = history
        .credential(credential, readable, after.unwrap_or_default(), STEPS)
        .await?;
    let life = life.ok_or(Failure::NotFound)?;
    let (events, states): (Vec<_>, Vec<_>) = life.steps.into_iter().map(|step| (step.event, step.state)).unzip();
    let happenings = Happening::all(&site, events).await?;
    let steps = happenings.into_iter().zip(states);
    Ok(html(&ReplayPage {
        shell: Shell::new("The life of a credential", Here::Audit, &site, &viewer),
        credential,
        account: life.account,
        provider: life.provider,
        connection: life.connection,
        steps: steps.map(|(happening, state)| Step { happening, state }).collect(),
        is_from_start: after.is_none(),
        later: life.more.then_some(life.next),
    }))
}
