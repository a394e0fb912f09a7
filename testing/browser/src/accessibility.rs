use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{Browser, programs};

/// A rule of axe-core that a page breaks (deque university's "axe rules").
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule, such as `color-contrast`.
    pub rule: String,
    /// `minor`, `moderate`, `serious` or `critical`.
    pub impact: String,
    /// What the rule asks for.
    pub help: String,
    /// The elements that break it: selector and what axe says of each.
    pub elements: Vec<String>,
}

/// Whether everybody can use a page.
impl Browser {
    /// All that axe-core finds on the page as it is now, once it has come to rest.
    ///
    /// It runs in a world of its own, so that the page's Content Security Policy does not stop it, and the page does not
    /// see it.
    ///
    /// # Errors
    /// axe-core was not fetched, or cannot run.
    pub fn axe(&self) -> Result<Vec<Finding>> {
        self.rest()?;
        let tree = self.driver.cdp("Page.getFrameTree", &json!({}))?;
        let frame = &tree["frameTree"]["frame"]["id"];
        let world = json!({ "frameId": frame, "worldName": "axe" });
        let world = self.driver.cdp("Page.createIsolatedWorld", &world)?["executionContextId"].take();
        self.run(&world, &programs::axe()?)?;
        // axe needs timers, and those count as the page's. Its own scripts were passed over when it was read, and stay so.
        self.let_scripts_run(true)?;
        let report = self.run(&world, "axe.run(document, { resultTypes: ['violations'] })");
        self.let_scripts_run(self.javascript)?;
        let report = report?;
        let violations = report["violations"].as_array().context("axe gives no report")?;
        Ok(violations.iter().map(Finding::read).collect())
    }

    /// That axe-core finds nothing serious or critical on the page as it is now.
    ///
    /// # Errors
    /// It does; rules and elements are named.
    pub fn assert_accessible(&self) -> Result<()> {
        let findings = self.axe()?;
        let grave: Vec<_> = findings
            .iter()
            .filter(|f| f.is_grave())
            .map(ToString::to_string)
            .collect();
        ensure!(
            grave.is_empty(),
            "{} is not accessible:\n  {}",
            self.url()?,
            grave.join("\n  ")
        );
        Ok(())
    }

    fn run(&self, world: &Value, expression: &str) -> Result<Value> {
        let mut answer = self.driver.cdp(
            "Runtime.evaluate",
            &json!({ "expression": expression, "contextId": world, "awaitPromise": true, "returnByValue": true }),
        )?;
        if !answer["exceptionDetails"].is_null() {
            bail!(
                "axe-core cannot run: {}",
                answer["exceptionDetails"]["exception"]["description"]
            );
        }
        Ok(answer["result"]["value"].take())
    }
}

impl Finding {
    fn read(violation: &Value) -> Self {
        let text = |key: &str| violation[key].as_str().unwrap_or_default().to_owned();
        let nodes = violation["nodes"].as_array().into_iter().flatten();
        Self {
            rule: text("id"),
            impact: text("impact"),
            help: text("help"),
            elements: nodes
                .map(|node| {
                    let why = node["failureSummary"].as_str().unwrap_or_default();
                    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
                    format!(
                        "{} {}: {why}",
                        node["target"],
                        node["html"].as_str().unwrap_or_default()
                    )
                })
                .collect(),
        }
    }

    /// Whether it keeps somebody from using the page.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        matches!(self.impact.as_str(), "serious" | "critical")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, impact, help, .. } = self;
        write!(out, "{impact} {rule}: {help}\n    {}", self.elements.join("\n    "))
    }
}
