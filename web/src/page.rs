use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::error::Failure;

/// A page as the answer to a request.
pub(crate) struct Page(Result<String, Failure>);

/// Marks an answer that takes the place of a page that could not be made, whatever status was meant for that page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Broken;

/// A page as the answer to a request. One that cannot be made is a defect: it is in the log, and answered as every defect is.
pub(crate) fn html(page: &impl Template) -> Page {
    Page(page.render().map_err(|error| Failure::internal(&error)))
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(text) => Html(text).into_response(),
            Err(failure) => {
                let mut response = failure.into_response();
                response.extensions_mut().insert(Broken);
                response
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use axum::body::to_bytes;
    use axum::http::StatusCode;

    use super::*;
    use crate::guard::told;

    struct Unspeakable;

    impl fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    #[derive(Template)]
    #[template(source = "<p>{{ part }}</p>", ext = "html")]
    struct Made<T: fmt::Display> {
        part: T,
    }

    async fn answered(response: Response) -> (StatusCode, String) {
        let response = told(response);
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_page_that_cannot_be_made_is_an_error_whatever_it_was_to_say() {
        for wanted in [StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY] {
            let page = html(&Made { part: Unspeakable });
            let (status, text) = answered((wanted, page).into_response()).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(text.contains("Something is broken here"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_page_keeps_the_status_that_was_meant_for_it() {
        let page = html(&Made { part: "Put it right" });
        let (status, text) = answered((StatusCode::UNPROCESSABLE_ENTITY, page).into_response()).await;
        assert_eq!(
            (status, text.as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "<p>Put it right</p>")
        );
    }
}
