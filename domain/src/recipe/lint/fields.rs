use std::collections::BTreeSet;

use super::limits;
use super::scope::Scope;
use crate::provider::ProviderRow;
use crate::recipe::normalise::normalise;
use crate::recipe::problem::step;
use crate::recipe::{Field, FieldKind, LintPolicy, pattern};

/// What a row asks for, and what it derives from that.
pub(super) fn check(row: &ProviderRow, policy: &LintPolicy, scope: &mut Scope) {
    let fields = &row.recipe.fields;
    scope.count("/recipe/fields", fields.len(), limits::FIELDS);
    let mut names = BTreeSet::new();
    for (at, field) in fields.iter().enumerate() {
        let pointer = format!("/recipe/fields/{at}");
        check_name(&format!("{pointer}/name"), &field.name, scope);
        if !names.insert(&field.name) {
            scope.report(
                format!("{pointer}/name"),
                "duplicate_field",
                "Another field has this name; choose another one.",
            );
        }
        check_texts(&pointer, field, scope);
        check_patterns(&pointer, field, scope);
        check_options(&pointer, field, scope);
        check_secret(&pointer, field, scope);
        check_given(&pointer, field, policy, scope);
        check_visibility(&pointer, field, &fields[..at], scope);
    }
    check_derived(row, &names, scope);
}

fn check_name(pointer: &str, name: &str, scope: &mut Scope) {
    if !limits::is_identifier(name) {
        let message = "Name it with lower-case letters, digits and _, beginning with a letter; 40 characters at most.";
        scope.report(pointer, "field_name", message);
    }
}

fn check_texts(pointer: &str, field: &Field, scope: &mut Scope) {
    if let Some(label) = &field.label {
        scope.required(&format!("{pointer}/label"), label, limits::LABEL);
    }
    scope.line(&format!("{pointer}/hint"), &field.hint, limits::HINT);
    if let Some(url) = &field.help_url {
        scope.page(&format!("{pointer}/help_url"), url);
    }
    for (name, affix) in [("prefix", &field.prefix), ("suffix", &field.suffix)] {
        let Some(affix) = affix else { continue };
        scope.line(&format!("{pointer}/{name}"), affix, limits::LABEL);
        if affix.is_empty() || !affix.is_ascii() || !field.kind.is_text() {
            let message = format!("Give a {name} in ASCII to a field of type text, or leave it out.");
            scope.report(format!("{pointer}/{name}"), "affix", message);
        }
    }
}

fn check_patterns(pointer: &str, field: &Field, scope: &mut Scope) {
    if let Some(pattern) = &field.pattern {
        scope.pattern(&format!("{pointer}/pattern"), pattern);
    }
    if let Some(help) = &field.pattern_help {
        scope.required(&format!("{pointer}/pattern_help"), help, limits::MESSAGE);
    }
    scope.count(&format!("{pointer}/refuse"), field.refuse.len(), limits::REFUSALS);
    for (at, refusal) in field.refuse.iter().enumerate() {
        scope.pattern(&format!("{pointer}/refuse/{at}/pattern"), &refusal.pattern);
        scope.required(
            &format!("{pointer}/refuse/{at}/message"),
            &refusal.message,
            limits::MESSAGE,
        );
    }
    scope.count(&format!("{pointer}/extract"), field.extract.len(), limits::EXTRACTS);
    for (at, expression) in field.extract.iter().enumerate() {
        check_capture(&format!("{pointer}/extract/{at}"), expression, scope);
    }
}

fn check_capture(pointer: &str, expression: &str, scope: &mut Scope) {
    if scope.pattern(pointer, expression)
        && pattern::compile(expression).is_none_or(|pattern| pattern.captures_len() < 2)
    {
        scope.report(pointer, "no_capture", "Put the part that is the value in parentheses.");
    }
}

fn check_options(pointer: &str, field: &Field, scope: &mut Scope) {
    let pointer = format!("{pointer}/options");
    match (field.kind, field.options.is_empty()) {
        (FieldKind::Enum, true) => scope.report(&pointer, "options", "Give the enum its options."),
        (kind, false) if kind != FieldKind::Enum => {
            scope.report(&pointer, "options", "Make the field an enum, or leave the options out.");
        }
        _ => {}
    }
    scope.count(&pointer, field.options.len(), limits::OPTIONS);
    let mut values = BTreeSet::new();
    for (at, option) in field.options.iter().enumerate() {
        scope.required(&format!("{pointer}/{at}/value"), &option.value, limits::LABEL);
        if let Some(label) = &option.label {
            scope.required(&format!("{pointer}/{at}/label"), label, limits::LABEL);
        }
        if let Some(mapped) = &option.maps_to {
            scope.line(&format!("{pointer}/{at}/maps_to"), mapped, limits::URL);
        }
        if !values.insert(&option.value) {
            scope.report(
                format!("{pointer}/{at}/value"),
                "options",
                "Another option has this value; choose another one.",
            );
        }
    }
}

fn check_secret(pointer: &str, field: &Field, scope: &mut Scope) {
    if !field.secret {
        return;
    }
    if field.default.is_some() || field.fixed.is_some() {
        let message = "Remove the default or fixed value: a row is public, and so is what stands in it.";
        scope.report(pointer, "secret_in_row", message);
    }
    if matches!(field.kind, FieldKind::Host | FieldKind::Url | FieldKind::Enum) {
        scope.report(
            format!("{pointer}/type"),
            "secret_type",
            "A host, url or enum is no secret; use type text.",
        );
    }
}

/// A default and a fixed value must be what the field itself would accept.
fn check_given(pointer: &str, field: &Field, policy: &LintPolicy, scope: &mut Scope) {
    if field.fixed.is_some() && (field.optional || field.default.is_some() || field.visible_when.is_some()) {
        let message = "A fixed value is never asked for: remove optional, default and visible_when.";
        scope.report(format!("{pointer}/fixed"), "fixed", message);
    }
    for (name, given) in [("default", &field.default), ("fixed", &field.fixed)] {
        let Some(given) = given else { continue };
        scope.line(&format!("{pointer}/{name}"), given, limits::URL);
        let is_own_form = normalise(field, given, policy).is_ok_and(|value| value == *given) && !given.is_empty();
        let whole = field.pattern.as_deref().and_then(pattern::compile_whole);
        if !is_own_form || whole.is_some_and(|pattern| !pattern.is_match(given)) {
            let message = "Write a value that the field's own type, options and pattern accept as it stands.";
            scope.report(format!("{pointer}/{name}"), "default", message);
        }
    }
}

fn check_visibility(pointer: &str, field: &Field, before: &[Field], scope: &mut Scope) {
    let Some(when) = &field.visible_when else { return };
    scope.mark_used(&when.field);
    let other = before.iter().find(|other| other.name == when.field && !other.secret);
    let values: Vec<&String> = when.equals.iter().chain(&when.one_of).collect();
    let Some(other) = other else {
        let message = "Name a field that stands before this one and is not secret.";
        return scope.report(format!("{pointer}/visible_when/field"), "visible_when", message);
    };
    let is_option = |value: &&String| other.options.iter().any(|option| option.value == **value);
    if values.is_empty() || (other.kind == FieldKind::Enum && !values.iter().all(is_option)) {
        let message = "Give equals or in, with values that the other field can have.";
        scope.report(format!("{pointer}/visible_when"), "visible_when", message);
    }
}

fn check_derived(row: &ProviderRow, fields: &BTreeSet<&String>, scope: &mut Scope) {
    scope.count("/recipe/derive", row.recipe.derive.len(), limits::DERIVED);
    for (name, derive) in &row.recipe.derive {
        let pointer = step("/recipe/derive", name);
        check_name(&pointer, name, scope);
        if fields.contains(name) {
            scope.report(
                &pointer,
                "duplicate_field",
                "A field has this name; choose another one.",
            );
        }
        scope.mark_used(&derive.from);
        if !scope.fields.iter().any(|field| field.name == derive.from) {
            let message = "Name a field of this row; what is derived cannot be derived from again.";
            scope.report(format!("{pointer}/from"), "undeclared_variable", message);
        }
        check_capture(&format!("{pointer}/pattern"), &derive.pattern, scope);
    }
}
