use domain::recipe::Problem;

use crate::admin::findings::{Findings, is_within};

/// For a field of whose own nothing is ever found.
pub(super) const NONE: &[Problem] = &[];

/// Places of a row that have a field of their own on the page, whichever way the recipe is written.
const FIELDS: &[&str] = &[
    "/key",
    "/name",
    "/category",
    "/logo",
    "/description",
    "/auth",
    "/credential",
    "/help/url",
    "/help/instructions",
    "/recipe",
];

/// Those that have one where the recipe is filled in.
const GUIDED: &[&str] = &[
    "/recipe/request/base_url",
    "/recipe/request/auth",
    "/recipe/request/headers",
    "/recipe/test/method",
    "/recipe/test/path",
    "/recipe/test/accept",
    "/recipe/test/reject",
    "/recipe/test/identity",
    "/recipe/ai",
];

/// What is wrong with the recipe where no field of the guided form stands for it.
pub(super) fn beyond_guided(findings: &Findings) -> Vec<&Problem> {
    let mut found = findings.at("/recipe");
    found.retain(|problem| !GUIDED.iter().any(|field| is_within(problem, field)));
    found
}

/// What has no field on the page.
pub(super) fn elsewhere(findings: &Findings) -> Vec<&Problem> {
    let has_field = |problem: &&Problem| FIELDS.iter().any(|field| is_within(problem, field));
    findings.all().iter().filter(|problem| !has_field(problem)).collect()
}

/// A place as people read it: `recipe → request → base_url`.
pub(super) fn place(problem: &Problem) -> String {
    let steps: Vec<_> = problem.pointer.split('/').skip(1).map(step).collect();
    steps.join(" → ")
}

/// A step of a pointer, its escapes undone (RFC 6901, section 4). Lists are counted from one, as people do.
fn step(step: &str) -> String {
    match step.parse::<usize>() {
        Ok(index) => format!("no. {}", index.saturating_add(1)),
        Err(_) => step.replace("~1", "/").replace("~0", "~"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_stands_at_one_place() {
        let findings = Findings::new(
            [
                "/name",
                "/credential/label",
                "/recipe/fields/0/name",
                "/recipe/request/auth/bearer",
                "/else",
                "/names",
            ]
            .map(|pointer| Problem::new(pointer, "c", "m"))
            .into(),
        );
        let pointers = |found: Vec<&Problem>| found.into_iter().map(|p| p.pointer.clone()).collect::<Vec<_>>();
        assert_eq!(pointers(findings.at("/name")), ["/name"]);
        assert_eq!(pointers(findings.at("/credential")), ["/credential/label"]);
        assert_eq!(pointers(beyond_guided(&findings)), ["/recipe/fields/0/name"]);
        assert_eq!(pointers(elsewhere(&findings)), ["/else", "/names"]);
    }

    #[test]
    fn a_place_is_read_by_people() {
        let problem = Problem::new("/recipe/fields/0/a~1b", "c", "m");
        assert_eq!(place(&problem), "recipe → fields → no. 1 → a/b");
    }
}
