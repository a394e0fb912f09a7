use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use commands::{CommandError, IfMatch};
use domain::account::AiSettings;
use domain::recipe::Problem;
use domain::{AccountId, ProviderKey};
use projections::{AiSettingsView, ProviderStatus};

use super::{changed_meanwhile, done, say};
use crate::error::Failure;
use crate::form::{self, Form};
use crate::page::html;
use crate::session::{AccountAdmin, AccountMember, Notice, Tone, Viewer};
use crate::shell::{Here, Shell};
use crate::site::Site;

/// Where they are chosen.
const PLACE: &str = "/settings/ai";

/// So many more providers can be added at a time.
const ROOM: usize = 2;

/// Which AI providers an account's services use.
#[derive(askama::Template)]
#[template(path = "settings/ai.html")]
struct AiPage {
    shell: Shell,
    /// What is chosen, in order, and then room for more.
    choices: Vec<Choice>,
    offers: Vec<Offer>,
    model: String,
    inherit: bool,
    /// Whether there is an account above this one.
    has_parent: bool,
    revision: u64,
    may_change: bool,
    once: String,
    wrong: Wrong,
}

/// One place in the order of preference.
struct Choice {
    place: usize,
    chosen: String,
    wrong: Option<String>,
}

/// A provider that can be chosen.
struct Offer {
    key: String,
    name: String,
    installed: bool,
    default_model: Option<String>,
}

/// What was wrong with what was sent.
#[derive(Default)]
struct Wrong {
    model: Option<String>,
    others: Vec<String>,
}

impl AiPage {
    /// What people call a provider.
    fn name<'a>(&'a self, key: &'a str) -> &'a str {
        let found = self.offers.iter().find(|offer| offer.key == key);
        found.map_or(key, |offer| &offer.name)
    }

    /// What is chosen, in the words of people.
    fn chosen(&self) -> Vec<&str> {
        let chosen = self.choices.iter().map(|choice| choice.chosen.as_str());
        chosen.filter(|key| !key.is_empty()).map(|key| self.name(key)).collect()
    }

    /// Whether a place names a provider that is none of the offered.
    fn is_unknown(&self, choice: &Choice) -> bool {
        !choice.chosen.is_empty() && !self.offers.iter().any(|offer| offer.key == choice.chosen)
    }

    /// The models that the offered providers use by themselves.
    fn models(&self) -> impl Iterator<Item = &str> {
        self.offers.iter().filter_map(|offer| offer.default_model.as_deref())
    }

    fn is_refused(&self) -> bool {
        let beside = self.choices.iter().any(|choice| choice.wrong.is_some());
        beside || self.wrong.model.is_some() || !self.wrong.others.is_empty()
    }

    fn refuse(&mut self, problems: Vec<Problem>) {
        for Problem { pointer, message, .. } in problems {
            let place = pointer.strip_prefix("/providers/").and_then(|index| index.parse().ok());
            let choice = place.and_then(|place: usize| self.choices.get_mut(place));
            match choice {
                Some(choice) => choice.wrong = Some(message),
                None if pointer == "/model" => self.wrong.model = Some(message),
                None => self.wrong.others.push(message),
            }
        }
    }
}

pub(super) async fn page(
    State(site): State<Site>,
    AccountMember { viewer, account }: AccountMember,
) -> Result<Response, Failure> {
    Ok(html(&made(&site, &viewer, &account, None).await?).into_response())
}

pub(super) async fn choose(
    State(site): State<Site>,
    AccountAdmin { viewer, account }: AccountAdmin,
    form: Form,
) -> Result<Response, Failure> {
    let settings = sent(&form)?;
    let seen = IfMatch::OneOf(form.text("revision").parse().into_iter().collect());
    let chosen = site
        .commands
        .choose_ai_settings(form.context(&site, &viewer), account.clone(), settings.clone(), seen)
        .await;
    match chosen {
        Ok(receipt) => {
            let notice = Notice {
                tone: Tone::Good,
                text: "The AI settings are saved. Services use them from their next request on.".to_owned(),
            };
            Ok(done(&site, &viewer, receipt.position, notice, PLACE)
                .await
                .into_response())
        }
        Err(CommandError::Invalid(problems)) => {
            let mut page = made(&site, &viewer, &account, Some(settings)).await?;
            page.refuse(problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response())
        }
        Err(CommandError::PreconditionFailed { .. }) => {
            Ok(say(&site, &viewer, changed_meanwhile(), PLACE).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// What a form says. Places that were left empty are passed over.
///
/// # Errors
/// [`Failure::BadForm`] when it names what no select of ours offers.
fn sent(form: &Form) -> Result<AiSettings, Failure> {
    let providers = form.all("provider").map(str::parse).collect::<Result<_, _>>();
    Ok(AiSettings {
        providers: providers.map_err(|_| Failure::BadForm("It names a provider that cannot be one"))?,
        model: form.optional("model").map(str::to_owned),
        inherit: form.has("inherit"),
    })
}

/// The page of what is chosen, or of what was sent.
async fn made(site: &Site, viewer: &Viewer, account: &AccountId, sent: Option<AiSettings>) -> Result<AiPage, Failure> {
    let found = site.projections.accounts().get(account).await?;
    let found = found.ok_or(Failure::NotFound)?.account;
    let shown = sent.map_or(found.ai_settings, |sent| AiSettingsView {
        providers: sent.providers,
        model: sent.model,
        inherit: sent.inherit,
    });
    let offers = offers(site, account, &shown.providers).await?;
    let places = (shown.providers.len() + ROOM)
        .min(offers.len().max(shown.providers.len()))
        .min(AiSettings::MAX_PROVIDERS);
    let mut chosen = shown.providers.iter().map(ToString::to_string);
    Ok(AiPage {
        shell: Shell::new("AI settings", Here::Ai, site, viewer),
        choices: (1..=places)
            .map(|place| Choice {
                place,
                chosen: chosen.next().unwrap_or_default(),
                wrong: None,
            })
            .collect(),
        offers,
        model: shown.model.unwrap_or_default(),
        inherit: shown.inherit,
        has_parent: found.parent.is_some(),
        revision: found.revision,
        may_change: viewer.may_connect(),
        once: form::once(site, viewer)?,
        wrong: Wrong::default(),
    })
}

/// The AI providers of the marketplace, and whatever is chosen already.
async fn offers(site: &Site, account: &AccountId, chosen: &[ProviderKey]) -> Result<Vec<Offer>, Failure> {
    let installed = site.projections.integrations().list(account).await?;
    let mut offers = Vec::new();
    for view in site.projections.catalog().providers().await? {
        let live = view.status == ProviderStatus::Published;
        let is_offered = view.row.recipe.ai.is_some() && live;
        if is_offered || chosen.contains(&view.row.key) {
            offers.push(Offer {
                installed: installed.iter().any(|found| found.provider == view.row.key),
                default_model: view.row.recipe.ai.and_then(|ai| ai.default_model),
                key: view.row.key.to_string(),
                name: view.row.name,
            });
        }
    }
    offers.sort_by_key(|offer| (!offer.installed, offer.name.to_lowercase()));
    Ok(offers)
}
