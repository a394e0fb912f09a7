use domain::recipe::Problem;

/// What is wrong with what was typed, by the place in the row.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings(Vec<Problem>);

/// For a field of whose own nothing is ever found.
pub(super) const NONE: &[Problem] = &[];

/// Places that have a field of their own on the page, whichever way the recipe is written.
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

impl Findings {
    pub(super) const fn new(problems: Vec<Problem>) -> Self {
        Self(problems)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn all(&self) -> &[Problem] {
        &self.0
    }

    /// What is wrong at a place, or with a part of it.
    pub(super) fn at(&self, pointer: &str) -> Vec<&Problem> {
        self.0
            .iter()
            .filter(|problem| is_within(&problem.pointer, pointer))
            .collect()
    }

    pub(super) fn has(&self, pointer: &str) -> bool {
        !self.at(pointer).is_empty()
    }

    /// What is wrong with the recipe where no field of the guided form stands for it.
    pub(super) fn beyond_guided(&self) -> Vec<&Problem> {
        let mut found = self.at("/recipe");
        found.retain(|problem| !GUIDED.iter().any(|field| is_within(&problem.pointer, field)));
        found
    }

    /// What has no field on the page.
    pub(super) fn elsewhere(&self) -> Vec<&Problem> {
        let has_field = |problem: &&Problem| FIELDS.iter().any(|field| is_within(&problem.pointer, field));
        self.0.iter().filter(|problem| !has_field(problem)).collect()
    }
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

fn is_within(pointer: &str, place: &str) -> bool {
    let rest = pointer.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
        assert_eq!(pointers(findings.beyond_guided()), ["/recipe/fields/0/name"]);
        assert_eq!(pointers(findings.elsewhere()), ["/else", "/names"]);
    }

    #[test]
    fn a_place_is_read_by_people() {
        let problem = Problem::new("/recipe/fields/0/a~1b", "c", "m");
        assert_eq!(place(&problem), "recipe → fields → no. 1 → a/b");
    }
}
