use super::limits;
use super::scope::Scope;
use crate::recipe::judge::is_outage;
use crate::recipe::{BodyMatch, HeaderMatch, Method, Rule, Test, encode};

/// How the answer to a test is read.
pub(super) fn check(test: &Test, scope: &mut Scope) {
    if test.accept.is_empty() {
        let message = "Say which answer means that the key works, such as { status: 200 }.";
        scope.report("/recipe/test/accept", "no_success_rule", message);
    }
    for (name, rules) in [("accept", &test.accept), ("reject", &test.reject), ("warn", &test.warn)] {
        let pointer = format!("/recipe/test/{name}");
        scope.count(&pointer, rules.len(), limits::RULES);
        for (at, rule) in rules.iter().enumerate() {
            check_rule(&format!("{pointer}/{at}"), rule, test.method, scope);
            if name != "reject" {
                check_success(&format!("{pointer}/{at}"), rule, scope);
            }
            if name == "warn" && rule.code.is_none() {
                let message = "Say with a code what is amiss, such as insufficient_scope or no_funds.";
                scope.report(format!("{pointer}/{at}"), "warn_without_code", message);
            }
        }
    }
    if let Some(identity) = &test.identity {
        check_pointer("/recipe/test/identity/pointer", &identity.pointer, scope);
        check_has_body("/recipe/test/identity", test.method, scope);
    }
}

fn check_rule(pointer: &str, rule: &Rule, method: Method, scope: &mut Scope) {
    if rule.status.is_none() && rule.body.is_none() && rule.header.is_none() {
        scope.report(
            pointer,
            "rule_without_condition",
            "Give the rule a status, a body or a header to look at.",
        );
    }
    if let Some(body) = &rule.body {
        check_body(&format!("{pointer}/body"), body, scope);
        check_has_body(&format!("{pointer}/body"), method, scope);
    }
    if let Some(header) = &rule.header {
        check_header(&format!("{pointer}/header"), header, scope);
    }
    if rule.code.as_deref().is_some_and(|code| !limits::is_identifier(code)) {
        let message = "Write the code with lower-case letters, digits and _, such as insufficient_scope.";
        scope.report(format!("{pointer}/code"), "code", message);
    }
}

/// A refusal or an outage would connect any key if its status were enough.
fn check_success(pointer: &str, rule: &Rule, scope: &mut Scope) {
    let Some(statuses) = rule
        .status
        .as_ref()
        .filter(|_| rule.body.is_none() && rule.header.is_none())
    else {
        return;
    };
    // Of an outage only a status that stands alone counts.
    let names_outage = (300..=599).any(|status| is_outage(status) && statuses.width_at(status) == Some(1));
    if names_outage || statuses.width_at(401).is_some() {
        let message = "Look at the body or a header too: 401, redirects, 408, 429 and 5xx do not mean by themselves that \
                       the key works.";
        scope.report(format!("{pointer}/status"), "accept_status", message);
    }
}

fn check_has_body(pointer: &str, method: Method, scope: &mut Scope) {
    if method == Method::Head {
        scope.report(
            pointer,
            "head_has_no_body",
            "Use GET, or look at status and headers: HEAD answers have no body.",
        );
    }
}

fn check_body(pointer: &str, body: &BodyMatch, scope: &mut Scope) {
    check_pointer(&format!("{pointer}/pointer"), &body.pointer, scope);
    let given = [
        body.equals.is_some(),
        body.exists.is_some(),
        body.one_of.is_some(),
        body.contains.is_some(),
        body.matches.is_some(),
    ];
    if given.iter().filter(|given| **given).count() != 1 {
        let message = "Give exactly one of equals, exists, in, contains and matches.";
        scope.report(pointer, "comparison", message);
    }
    if let Some(expression) = &body.matches {
        scope.pattern(&format!("{pointer}/matches"), expression);
    }
    if let Some(values) = &body.one_of {
        scope.count(&format!("{pointer}/in"), values.len(), limits::OPTIONS);
    }
}

fn check_header(pointer: &str, header: &HeaderMatch, scope: &mut Scope) {
    if !encode::is_header_name(&header.name) {
        scope.report(
            format!("{pointer}/name"),
            "header_name",
            "Name the header with letters, digits and hyphens.",
        );
    }
    let given = [
        header.equals.is_some(),
        header.exists.is_some(),
        header.matches.is_some(),
    ];
    if given.iter().filter(|given| **given).count() != 1 {
        scope.report(pointer, "comparison", "Give exactly one of equals, exists and matches.");
    }
    if let Some(expression) = &header.matches {
        scope.pattern(&format!("{pointer}/matches"), expression);
    }
}

/// A JSON pointer: empty, or steps that begin with `/`, in which `~` stands only before 0 or 1 (RFC 6901, section 3).
fn check_pointer(pointer: &str, text: &str, scope: &mut Scope) {
    let mut escapes = text.split('~').skip(1);
    let is_pointer = text.is_empty() || text.starts_with('/');
    if !is_pointer || !escapes.all(|rest| rest.starts_with(['0', '1'])) || text.len() > limits::URL {
        let message = "Write a JSON pointer, such as /error/code; ~ is written ~0, and / inside a name ~1.";
        scope.report(pointer, "pointer", message);
    }
}
