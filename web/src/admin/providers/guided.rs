use std::collections::BTreeMap;

use domain::recipe::{
    Ai, Auth, Identity, Method, NamedValue, Problem, Recipe, Request, Rule, StatusSet, Test, UserPassword,
};
use serde_json::Value;

use crate::form::Form;

/// Stands for the pasted key, where a row asks for one.
const KEY: &str = "{api_key}";

/// The recipe of the common case, as a form asks for it: one key, one place where it goes, one call that tests it. Texts
/// are as they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guided {
    pub(super) base_url: String,
    pub(super) send: How,
    /// The name of the header or of the query parameter.
    pub(super) name: String,
    /// What stands there.
    pub(super) value: String,
    pub(super) username: String,
    pub(super) password: String,
    /// Further headers, one a line.
    pub(super) headers: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) accept: String,
    pub(super) reject: String,
    pub(super) identity: String,
    pub(super) ai: String,
    pub(super) model: String,
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Bearer,
    Header,
    Basic,
    Query,
    Nowhere,
}

impl How {
    pub(super) const ALL: [Self; 5] = [Self::Bearer, Self::Header, Self::Basic, Self::Query, Self::Nowhere];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Header => "header",
            Self::Basic => "basic",
            Self::Query => "query",
            Self::Nowhere => "nowhere",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Bearer => "As a bearer token",
            Self::Header => "In a header of its own",
            Self::Basic => "As user name or password",
            Self::Query => "In the query",
            Self::Nowhere => "Nowhere by itself",
        }
    }
}

impl Default for Guided {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            send: How::Bearer,
            name: String::new(),
            value: KEY.to_owned(),
            username: KEY.to_owned(),
            password: String::new(),
            headers: String::new(),
            method: Method::Get.as_str().to_owned(),
            path: String::new(),
            accept: "200".to_owned(),
            reject: "401".to_owned(),
            identity: String::new(),
            ai: String::new(),
            model: String::new(),
        }
    }
}

impl Guided {
    /// What a form sent.
    pub(super) fn of_form(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let chosen = form.text("send");
        let send = How::ALL.into_iter().find(|how| how.as_str() == chosen);
        Self {
            base_url: text("base_url"),
            send: send.unwrap_or(How::Bearer),
            name: text("send_name"),
            value: text("send_value"),
            username: text("username"),
            password: text("password_template"),
            headers: text("headers").replace("\r\n", "\n"),
            method: text("method"),
            path: text("path"),
            accept: text("accept"),
            reject: text("reject"),
            identity: text("identity"),
            ai: text("ai"),
            model: text("model"),
        }
    }

    /// The form that makes this very recipe; none when the recipe says more than the form can.
    pub(super) fn of_recipe(recipe: &Recipe) -> Option<Self> {
        let guided = Self::nearest(recipe);
        (guided.recipe().as_ref() == Ok(recipe)).then_some(guided)
    }

    fn nearest(recipe: &Recipe) -> Self {
        let mut guided = Self::default();
        if let Some(request) = &recipe.request {
            guided.base_url.clone_from(&request.base_url);
            guided.set_auth(&request.auth);
            let lines: Vec<_> = request
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            guided.headers = lines.join("\n");
        }
        if let Some(test) = &recipe.test {
            test.method.as_str().clone_into(&mut guided.method);
            guided.path.clone_from(&test.path);
            guided.accept = status_text(&test.accept);
            guided.reject = status_text(&test.reject);
            guided.identity = test
                .identity
                .as_ref()
                .map(|identity| identity.pointer.clone())
                .unwrap_or_default();
        }
        if let Some(ai) = &recipe.ai {
            guided.ai.clone_from(&ai.api);
            guided.model = ai.default_model.clone().unwrap_or_default();
        }
        guided
    }

    fn set_auth(&mut self, auth: &Auth) {
        match auth {
            Auth::Bearer(_) => self.send = How::Bearer,
            Auth::Basic(UserPassword { username, password }) => {
                self.send = How::Basic;
                self.username.clone_from(username);
                self.password.clone_from(password);
            }
            Auth::Header(named) | Auth::Query(named) => {
                self.send = if matches!(auth, Auth::Header(_)) {
                    How::Header
                } else {
                    How::Query
                };
                self.name.clone_from(&named.name);
                self.value.clone_from(&named.value);
            }
            Auth::None | Auth::Body(_) => self.send = How::Nowhere,
        }
    }

    /// The recipe that was filled in. Without a base URL there is nothing to call, and the row is published untested.
    ///
    /// # Errors
    /// What cannot be read, each with a pointer into the row.
    pub(super) fn recipe(&self) -> Result<Recipe, Vec<Problem>> {
        let mut problems = Vec::new();
        let request = (!self.base_url.is_empty()).then(|| Request {
            base_url: self.base_url.clone(),
            auth: self.auth(),
            headers: self.further_headers(&mut problems),
            query: BTreeMap::new(),
        });
        let test = (!self.path.is_empty()).then(|| Box::new(self.test(&mut problems)));
        if test.is_some() && request.is_none() {
            let message = "Say where the provider's API is, or empty the test's path.";
            problems.push(Problem::new("/recipe/request/base_url", "empty", message));
        }
        let ai = (!self.ai.is_empty()).then(|| Ai {
            api: self.ai.clone(),
            default_model: Some(self.model.clone()).filter(|model| !model.is_empty()),
        });
        if ai.is_none() && !self.model.is_empty() {
            let message = "Name the interface that the model belongs to, or empty the model.";
            problems.push(Problem::new("/recipe/ai/api", "empty", message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Recipe {
            request,
            test,
            ai,
            ..Recipe::default()
        })
    }

    fn auth(&self) -> Auth {
        let named = || NamedValue {
            name: self.name.clone(),
            value: self.value.clone(),
        };
        match self.send {
            How::Bearer => Auth::Bearer(KEY.to_owned()),
            How::Basic => Auth::Basic(UserPassword {
                username: self.username.clone(),
                password: self.password.clone(),
            }),
            How::Header => Auth::Header(named()),
            How::Query => Auth::Query(named()),
            How::Nowhere => Auth::None,
        }
    }

    fn further_headers(&self, problems: &mut Vec<Problem>) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        for line in self.headers.lines().filter(|line| !line.trim().is_empty()) {
            let named = line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
            let is_new = named.is_some_and(|(name, value)| headers.insert(name.to_owned(), value.to_owned()).is_none());
            if !is_new {
                let message = "Write one header a line, each name once, such as Api-Version: 2024-01-01.";
                problems.push(Problem::new("/recipe/request/headers", "not_a_header", message));
            }
        }
        headers
    }

    fn test(&self, problems: &mut Vec<Problem>) -> Test {
        let method = serde_json::from_value(Value::from(self.method.as_str()));
        let mut rules = |text: &str, pointer: &str| {
            let rules = rules_of(text);
            if rules.is_none() {
                let message = "Write statuses such as 200, 2xx or 200-299, with commas between them.";
                problems.push(Problem::new(pointer, "not_a_status", message));
            }
            rules.unwrap_or_default()
        };
        Test {
            accept: rules(&self.accept, "/recipe/test/accept"),
            reject: rules(&self.reject, "/recipe/test/reject"),
            method: method.unwrap_or_default(),
            path: self.path.clone(),
            headers: BTreeMap::new(),
            query: BTreeMap::new(),
            body: None,
            warn: Vec::new(),
            identity: (!self.identity.is_empty()).then(|| Identity {
                pointer: self.identity.clone(),
            }),
        }
    }
}

/// One rule with these statuses; no rule when nothing is written, none at all when it cannot be read.
fn rules_of(text: &str) -> Option<Vec<Rule>> {
    let parts: Vec<_> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Some(Vec::new());
    }
    let status: StatusSet = serde_json::from_value(Value::from(parts)).ok()?;
    Some(vec![Rule {
        status: Some(status),
        ..Rule::default()
    }])
}

/// The statuses of the first rule, as they are written in the form.
fn status_text(rules: &[Rule]) -> String {
    let status = rules.first().and_then(|rule| rule.status.as_ref());
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match status.and_then(|status| serde_json::to_value(status).ok()) {
        Some(Value::Array(all)) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        Some(one) => plain(&one),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::providers::yaml;

    fn of(text: &str) -> Option<Guided> {
        Guided::of_recipe(&yaml::read(text).unwrap())
    }

    #[test]
    fn the_common_recipes_can_be_filled_in() {
        for text in [
            "",
            "request: { base_url: 'https://api.example.com', auth: { bearer: '{api_key}' } }",
            "request: { base_url: 'https://api.example.com', auth: { header: { name: X-Key, value: 'Token {api_key}' } } }
test: { path: /me, accept: [{ status: [200, 2xx] }], reject: [{ status: 401 }], identity: { pointer: /login } }
ai: { api: openai, default_model: gpt }",
            "request: { base_url: 'https://api.example.com', auth: { basic: { username: any, password: '{api_key}' } }, headers: { A: b, C: d } }
test: { method: HEAD, path: /me, accept: [{ status: 200-299 }] }",
            "request: { base_url: 'https://api.example.com', auth: { query: { name: key, value: '{api_key}' } } }",
        ] {
            let recipe = yaml::read(text).unwrap();
            let guided = Guided::of_recipe(&recipe).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(guided.recipe().unwrap(), recipe, "{text}");
        }
    }

    #[test]
    fn a_recipe_that_says_more_is_none_of_the_forms() {
        for text in [
            "fields: [{ name: api_key, secret: true }]",
            "request: { base_url: 'https://api.example.com', auth: { bearer: 'x{api_key}' } }",
            "request: { base_url: 'https://api.example.com', query: { a: b } }",
            "request: { base_url: 'https://api.example.com' }\ntest: { path: /me, accept: [{ status: 200 }, { status: 204 }] }",
            "request: { base_url: 'https://api.example.com' }\ntest: { path: /me, accept: [{ status: 200, code: x }] }",
            "request: { base_url: 'https://api.example.com' }\ntest: { path: /me, warn: [{ status: 403 }] }",
            "request: { base_url: 'https://api.example.com' }\ntest: { method: POST, path: /me, body: { json: {} } }",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_where_it_stands() {
        let wrong = Guided {
            path: "/me".to_owned(),
            accept: "okay".to_owned(),
            headers: "no header".to_owned(),
            model: "m".to_owned(),
            ..Guided::default()
        };
        let pointers: Vec<_> = wrong
            .recipe()
            .unwrap_err()
            .into_iter()
            .map(|problem| problem.pointer)
            .collect();
        assert_eq!(
            pointers,
            ["/recipe/test/accept", "/recipe/request/base_url", "/recipe/ai/api"]
        );
    }
}
