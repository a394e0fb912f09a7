use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use axum::response::Response;

use crate::answer::Answer;
use crate::test_app::TestApp;

/// Somebody with a browser: cookies, forms and links, and no JavaScript.
pub(crate) struct Visitor<'a> {
    app: &'a TestApp,
    cookie: Option<String>,
}

impl<'a> Visitor<'a> {
    /// Who has not signed in.
    pub(crate) const fn new(app: &'a TestApp) -> Self {
        Self { app, cookie: None }
    }

    /// Who has signed in with a token.
    pub(crate) async fn with(app: &'a TestApp, token: &str) -> Self {
        let mut visitor = Self::new(app);
        visitor.submit("/sign-in", &[("token", token)]).await.expect(303);
        visitor
    }

    /// Opens a page.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Opens a page that is there, and gives its text.
    pub(crate) async fn page(&mut self, path: &str) -> String {
        let page = self.open(path).await.expect(200);
        String::from_utf8(page.bytes).unwrap()
    }

    /// Sends a form, from a page of this site.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(request, body.into()).await
    }

    /// Sends a form and opens the page that it leads to.
    pub(crate) async fn submit_and_follow(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.submit(path, fields).await.expect(303);
        self.page(answer.header("location")).await
    }

    /// Opens a stream of changes. What it sends is read as it comes.
    pub(crate) async fn follow(&self, path: &str) -> Response {
        let cookie = self.cookie.as_deref().unwrap_or_default();
        let request = Request::get(path).header("cookie", cookie).body(Body::empty());
        self.app.stream(request.unwrap()).await
    }

    /// Sends a request as it is, with the cookie, and keeps the cookie that comes back.
    pub(crate) async fn send(&mut self, mut request: Builder, body: Body) -> Answer {
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = self.app.visit(request.body(body).unwrap()).await;
        if let Some((cookie, _)) = answer.header("set-cookie").split_once(';') {
            self.cookie = Some(cookie.to_owned());
        }
        answer
    }
}

/// The value of the first hidden field of this name on a page.
pub(crate) fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap()
}
