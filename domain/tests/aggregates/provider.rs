use domain::provider::{
    AuthType, Help, Logo, Provider, ProviderAdded, ProviderCommand, ProviderDescribed, ProviderEvent,
    ProviderLogoChanged, ProviderPublished, ProviderRecipeChanged, ProviderReinstated, ProviderRetired, ProviderRow,
    Revision,
};
use domain::recipe::Recipe;
use domain::{Refusal, Sha256Digest};

use crate::given::given;

pub(crate) fn row() -> ProviderRow {
    ProviderRow {
        key: "mailchimp".parse().unwrap(),
        name: "Mailchimp".to_owned(),
        category: "Email".to_owned(),
        description: "Email marketing and audiences.".to_owned(),
        auth: AuthType::ApiKey,
        credential: None,
        help: Help::default(),
        recipe: Recipe::default(),
    }
}

fn logo(content: &[u8]) -> Logo {
    Logo {
        sha256: Sha256Digest::of(content),
        png: "iVBORw0KGgo=".to_owned(),
    }
}

fn added(published: bool) -> ProviderEvent {
    ProviderAdded {
        row: Box::new(row()),
        logo: None,
        published,
    }
    .into()
}

fn retired() -> ProviderEvent {
    ProviderRetired {}.into()
}

fn add() -> ProviderCommand {
    ProviderCommand::Add {
        row: row(),
        logo: None,
        publish: true,
    }
}

#[test]
fn a_new_row_is_added_and_live_at_once() {
    given::<Provider>([]).when(add()).then([added(true)]);
}

#[test]
fn a_key_is_never_used_again_not_even_after_retirement() {
    given::<Provider>([added(false)])
        .when(add())
        .then_rejected("provider-key-taken");
    given::<Provider>([added(true), retired()])
        .when(add())
        .then_rejected("provider-key-taken");
}

#[test]
fn a_draft_is_published_and_publishing_again_changes_nothing() {
    given::<Provider>([added(false)])
        .when(ProviderCommand::Publish)
        .then([ProviderPublished {}.into()]);
    given::<Provider>([added(false), ProviderPublished {}.into()])
        .when(ProviderCommand::Publish)
        .then_nothing();
}

#[test]
fn a_published_row_is_retired_and_reinstated() {
    given::<Provider>([added(true)])
        .when(ProviderCommand::Retire)
        .then([retired()]);
    given::<Provider>([added(true), retired()])
        .when(ProviderCommand::Retire)
        .then_nothing();
    given::<Provider>([added(true), retired()])
        .when(ProviderCommand::Reinstate)
        .then([ProviderReinstated {}.into()]);
}

#[test]
fn a_step_that_does_not_come_next_is_rejected() {
    given::<Provider>([added(false)])
        .when(ProviderCommand::Retire)
        .then_rejected("provider-not-published");
    given::<Provider>([added(false)])
        .when(ProviderCommand::Reinstate)
        .then_rejected("provider-not-published");
    given::<Provider>([added(true)])
        .when(ProviderCommand::Reinstate)
        .then_rejected("provider-published");
    given::<Provider>([added(true), retired()])
        .when(ProviderCommand::Publish)
        .then_rejected("provider-retired");
}

#[test]
fn nothing_can_be_asked_of_a_row_that_is_not_there() {
    for command in [
        ProviderCommand::Publish,
        ProviderCommand::Retire,
        ProviderCommand::Reinstate,
        ProviderCommand::Revise(Revision::default()),
        ProviderCommand::SetLogo(None),
    ] {
        given::<Provider>([]).when(command).then_rejected("provider-unknown");
    }
}

#[test]
fn a_revision_notes_only_what_changed() {
    let revision = Revision {
        name: Some("Intuit Mailchimp".to_owned()),
        auth: Some(AuthType::ApiKey),
        ..Revision::default()
    };
    given::<Provider>([added(true)])
        .when(ProviderCommand::Revise(revision))
        .then([ProviderDescribed {
            name: "Intuit Mailchimp".to_owned(),
            category: row().category,
            description: row().description,
            help: Help::default(),
        }
        .into()]);
    let revision = Revision {
        auth: Some(AuthType::Basic),
        ..Revision::default()
    };
    given::<Provider>([added(true)])
        .when(ProviderCommand::Revise(revision))
        .then([ProviderRecipeChanged {
            auth: AuthType::Basic,
            credential: None,
            recipe: Box::default(),
        }
        .into()]);
}

#[test]
fn a_revision_that_changes_nothing_leaves_no_event() {
    given::<Provider>([added(true)])
        .when(ProviderCommand::Revise(Revision::to(row())))
        .then_nothing();
    given::<Provider>([added(true)])
        .when(ProviderCommand::Revise(Revision::default()))
        .then_nothing();
}

#[test]
fn a_retired_row_can_still_be_revised_for_those_who_use_it() {
    let revision = Revision {
        auth: Some(AuthType::Bearer),
        ..Revision::default()
    };
    let state = given::<Provider>([added(true), retired()]).state();
    let mut after = state;
    for event in domain::Aggregate::decide(&after, ProviderCommand::Revise(revision)).unwrap() {
        after = domain::Aggregate::evolve(after, &event);
    }
    assert_eq!(after.entry().unwrap().row.auth, AuthType::Bearer);
    assert!(matches!(after, Provider::Retired(_)));
}

#[test]
fn the_same_logo_again_changes_nothing() {
    let change = |content: &[u8]| ProviderLogoChanged {
        logo: Some(logo(content)),
    };
    given::<Provider>([added(true)])
        .when(ProviderCommand::SetLogo(Some(logo(b"a"))))
        .then([change(b"a").into()]);
    given::<Provider>([added(true), change(b"a").into()])
        .when(ProviderCommand::SetLogo(Some(logo(b"a"))))
        .then_nothing();
    given::<Provider>([added(true), change(b"a").into()])
        .when(ProviderCommand::SetLogo(None))
        .then([ProviderLogoChanged { logo: None }.into()]);
    given::<Provider>([added(true)])
        .when(ProviderCommand::SetLogo(None))
        .then_nothing();
}

#[test]
fn only_a_published_row_can_be_installed() {
    let code = |provider: Provider| provider.installable().map(|_| ()).map_err(|rejection| rejection.code());
    assert_eq!(code(Provider::default()), Err("provider-unknown"));
    assert_eq!(code(given([added(false)]).state()), Err("provider-not-published"));
    assert_eq!(code(given([added(true)]).state()), Ok(()));
    assert_eq!(code(given([added(true), retired()]).state()), Err("provider-retired"));
    assert_eq!(
        code(given([added(true), retired(), ProviderReinstated {}.into()]).state()),
        Ok(())
    );
}
