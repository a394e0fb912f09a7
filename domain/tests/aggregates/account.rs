use domain::account::{
    Account, AccountClosed, AccountCommand, AccountEvent, AccountOpened, AccountRenamed, AiSettings, AiSettingsChosen,
};

use crate::given::given;

fn opened() -> AccountEvent {
    AccountOpened {
        name: "Northwind".to_owned(),
        parent: Some("agency".parse().unwrap()),
    }
    .into()
}

fn closed() -> AccountEvent {
    AccountClosed {}.into()
}

fn open(name: &str) -> AccountCommand {
    AccountCommand::Open {
        name: name.to_owned(),
        parent: Some("agency".parse().unwrap()),
    }
}

fn rename(name: &str) -> AccountCommand {
    AccountCommand::Rename { name: name.to_owned() }
}

fn settings(providers: &[&str], model: Option<&str>) -> AiSettings {
    AiSettings {
        providers: providers.iter().map(|key| key.parse().unwrap()).collect(),
        model: model.map(str::to_owned),
        inherit: true,
    }
}

fn choose(settings: AiSettings) -> AccountCommand {
    AccountCommand::ChooseAiSettings(settings)
}

#[test]
fn an_account_is_opened_once() {
    given::<Account>([]).when(open("Northwind")).then([opened()]);
    given::<Account>([opened()])
        .when(open("Northwind"))
        .then_rejected("account-exists");
}

#[test]
fn a_closed_account_stays_closed() {
    given::<Account>([opened(), closed()])
        .when(open("Northwind"))
        .then_rejected("account-exists");
    given::<Account>([opened(), closed()])
        .when(rename("New"))
        .then_rejected("account-closed");
    given::<Account>([opened(), closed()])
        .when(choose(AiSettings::default()))
        .then_rejected("account-closed");
}

#[test]
fn closing_twice_is_closing_once() {
    given::<Account>([opened()])
        .when(AccountCommand::Close)
        .then([closed()]);
    given::<Account>([opened(), closed()])
        .when(AccountCommand::Close)
        .then_nothing();
}

#[test]
fn an_account_that_nobody_opened_is_unknown() {
    for command in [rename("New"), choose(AiSettings::default()), AccountCommand::Close] {
        given::<Account>([]).when(command).then_rejected("account-unknown");
    }
}

#[test]
fn renaming_to_the_same_name_changes_nothing() {
    let renamed = AccountRenamed { name: "New".to_owned() };
    given::<Account>([opened()]).when(rename("New")).then([renamed.into()]);
    given::<Account>([opened()]).when(rename("Northwind")).then_nothing();
}

#[test]
fn a_name_is_a_line_of_text() {
    for name in ["", " ", " x", "x ", "a\nb", &"x".repeat(201)] {
        given::<Account>([]).when(open(name)).then_rejected("invalid-name");
        given::<Account>([opened()])
            .when(rename(name))
            .then_rejected("invalid-name");
    }
    let longest = "é".repeat(200);
    given::<Account>([opened()])
        .when(rename(&longest))
        .then([AccountRenamed { name: longest.clone() }.into()]);
}

#[test]
fn ai_settings_are_chosen_and_choosing_the_same_changes_nothing() {
    let chosen = AiSettingsChosen::from(settings(&["anthropic", "openai"], Some("claude")));
    given::<Account>([opened()])
        .when(choose(settings(&["anthropic", "openai"], Some("claude"))))
        .then([chosen.clone().into()]);
    given::<Account>([opened(), chosen.into()])
        .when(choose(settings(&["anthropic", "openai"], Some("claude"))))
        .then_nothing();
    given::<Account>([opened()])
        .when(choose(AiSettings::default()))
        .then_nothing();
}

#[test]
fn ai_settings_are_bounded_and_list_each_provider_once() {
    let account = || given::<Account>([opened()]);
    account()
        .when(choose(settings(&["openai", "openai"], None)))
        .then_rejected("duplicate-provider");
    let many: Vec<String> = (0..21).map(|index| format!("p{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    account()
        .when(choose(settings(&many, None)))
        .then_rejected("too-many-providers");
    for model in ["", "two words", "line\n", &"m".repeat(201)] {
        account()
            .when(choose(settings(&[], Some(model))))
            .then_rejected("invalid-model");
    }
}
