use std::collections::{BTreeMap, BTreeSet};

use crate::provider::ProviderRow;
use crate::recipe::template::Template;
use crate::recipe::variables::{Origin, Variables};
use crate::recipe::{Field, FieldKind, Problem, pattern, spec};

/// What the linter knows of a row while it walks through it: the variables, which of them are used, and the findings.
pub(super) struct Scope {
    pub(super) fields: Vec<Field>,
    declared: BTreeMap<String, Declared>,
    used: BTreeSet<String>,
    /// Those that stand in a request beside its host: what the provider is told.
    sent: BTreeSet<String>,
    problems: Vec<Problem>,
}

/// A variable that templates may name.
pub(super) struct Declared {
    pub(super) origin: Origin,
    /// Whether it may be empty, so that it cannot stand where something must.
    pub(super) may_be_empty: bool,
    /// The most bytes that it can hold, where a pattern bounds it.
    pub(super) longest: Option<usize>,
    /// Where the row declares it.
    pointer: String,
}

impl Scope {
    pub(super) fn of(row: &ProviderRow) -> Self {
        let fields = spec::fields(row).into_owned();
        let is_shorthand = row.recipe.fields.is_empty();
        let mut declared = BTreeMap::new();
        for (at, field) in fields.iter().enumerate() {
            let pointer = if is_shorthand {
                "/credential".to_owned()
            } else {
                format!("/recipe/fields/{at}")
            };
            let always = field.fixed.is_some() || (!field.optional && field.visible_when.is_none());
            let origin = Origin::of(field);
            declared.insert(
                field.name.clone(),
                Declared {
                    origin,
                    may_be_empty: !always,
                    longest: None,
                    pointer,
                },
            );
        }
        for (name, derive) in &row.recipe.derive {
            let from = declared.get(&derive.from);
            let variable = Declared {
                origin: from.map_or(Origin::Public, |from| from.origin.piece()),
                may_be_empty: from.is_some_and(|from| from.may_be_empty),
                longest: pattern::longest_first_capture(&derive.pattern),
                pointer: crate::recipe::problem::step("/recipe/derive", name),
            };
            declared.entry(name.clone()).or_insert(variable);
        }
        Self {
            fields,
            declared,
            used: BTreeSet::new(),
            sent: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn report(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::new(pointer, code, message));
    }

    pub(super) fn mark_used(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }

    pub(super) fn mark_sent(&mut self, template: &Template) {
        self.sent.extend(template.variables().map(str::to_owned));
    }

    pub(super) fn declared(&self, name: &str) -> Option<&Declared> {
        self.declared.get(name)
    }

    /// A template outside of a JSON body: its placeholders exist, and no brace is left over.
    pub(super) fn template(&mut self, pointer: &str, text: &str) -> Template {
        let template = self.body_template(pointer, text);
        if template.has_stray_brace() {
            let message = "A brace belongs to no placeholder. Write {name} with a declared name, or {{ for a brace.";
            self.report(pointer, "stray_brace", message);
        }
        template
    }

    /// A template in a JSON body, where braces are common.
    pub(super) fn body_template(&mut self, pointer: &str, text: &str) -> Template {
        let template = self.base_template(pointer, text);
        self.mark_sent(&template);
        template
    }

    /// The template of a base URL, whose host tells the provider nothing.
    pub(super) fn base_template(&mut self, pointer: &str, text: &str) -> Template {
        self.text(pointer, text, super::limits::TEMPLATE);
        let template = Template::parse(text);
        for name in template.variables() {
            self.mark_used(name);
            if !self.declared.contains_key(name) {
                let message = format!("Declare `{name}` as a field or under derive, or correct the placeholder.");
                self.report(pointer, "undeclared_variable", message);
            }
        }
        template
    }

    /// A template that cannot do without its placeholders, since a host or a path would fall apart.
    pub(super) fn never_empty(&mut self, pointer: &str, template: &Template, code: &'static str) {
        for name in template.variables() {
            if self.declared.get(name).is_some_and(|variable| variable.may_be_empty) {
                let message = format!("Make `{name}` required, always visible, or fixed: it cannot be empty here.");
                self.report(pointer, code, message);
            }
        }
    }

    /// Made-up values for every variable; `choice` is an option of an `enum` that is tried.
    pub(super) fn samples(&self, choice: Option<(&str, &str)>) -> Variables<'static> {
        let samples = self.declared.iter().map(|(name, variable)| {
            let field = self.fields.iter().find(|field| field.name == *name);
            let text = match (choice, variable.origin) {
                (Some((chosen, text)), _) if chosen == name => text.to_owned(),
                (_, Origin::Host) => "server.example.com".to_owned(),
                (_, Origin::Url) => "https://server.example.com".to_owned(),
                (_, Origin::Row) => field.and_then(own_words).unwrap_or_else(|| "x1".to_owned()),
                _ => "x1".to_owned(),
            };
            (name.clone(), text, variable.origin)
        });
        Variables::samples(samples)
    }

    /// The findings, with those that only the whole row shows.
    pub(super) fn finish(mut self, row: &ProviderRow) -> Vec<Problem> {
        let is_derived = |name: &String| row.recipe.derive.contains_key(name);
        // Without a request the fields are for the account's services, which read them as they are.
        let counts = |name: &String| row.recipe.request.is_some() || is_derived(name);
        let unused = self
            .declared
            .iter()
            .filter(|(name, _)| counts(name) && !self.used.contains(*name));
        let findings = unused.map(|(name, variable)| {
            let message =
                format!("Use {{{name}}} in the request or the test, or remove it: nobody should be asked for it.");
            Problem::new(variable.pointer.clone(), "unused_variable", message)
        });
        let mut findings: Vec<Problem> = findings.collect();
        findings.extend(self.unsent(row));
        self.problems.extend(findings);
        self.problems
    }

    /// Secrets of which nothing is sent but a piece in the host: the provider would take any key for a good one.
    fn unsent(&self, row: &ProviderRow) -> Vec<Problem> {
        let mut findings = Vec::new();
        for (name, variable) in &self.declared {
            let mut derived = row.recipe.derive.iter().filter(|(_, derive)| derive.from == *name);
            let is_sent = self.sent.contains(name) || derived.any(|(derived, _)| self.sent.contains(derived));
            if variable.origin == Origin::Secret && self.used.contains(name) && !is_sent && row.recipe.request.is_some()
            {
                let message =
                    format!("Send {{{name}}}, by auth or otherwise: no more of it than a piece in the host is used.");
                findings.push(Problem::new(variable.pointer.clone(), "secret_not_sent", message));
            }
        }
        findings
    }
}

/// What a field whose words are the row's own stands for, unless an option is chosen.
fn own_words(field: &Field) -> Option<String> {
    let option = field.options.first().filter(|_| field.kind == FieldKind::Enum);
    let option = option.map(|option| option.mapped().to_owned());
    field.fixed.clone().or(option).filter(|text| !text.is_empty())
}
