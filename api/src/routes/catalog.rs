use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::{ProviderKey, Sha256Digest};
use lru::LruCache;
use projections::{AsOf, CatalogFilter, ProjectionName};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::catalog_view::{CatalogEntry, CatalogPage};
use super::integration::Moment;
use crate::auth::{At, Caller};
use crate::extract::{IfNoneMatch, MinPosition, Query, at_most, moment, number, page_size};
use crate::problem::{Code, Problem};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_catalog))
        .routes(routes!(get_catalog_entry))
}

/// How many different pages are kept. A caller who asks for something else every time pushes out no more than these.
const KEPT: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Longer query strings are answered, but not kept.
const MAX_KEY: usize = 512;

/// Rendered pages of the catalog by query string, kept until the catalog changes.
///
/// Marketplace pages are read far more often than rows are added: most answers are a look-up and a copy.
pub(crate) struct CatalogCache(Mutex<(u64, LruCache<String, Rendered>)>);

/// An answer as it is sent.
#[derive(Clone)]
struct Rendered {
    body: Bytes,
    etag: HeaderValue,
}

impl Default for CatalogCache {
    fn default() -> Self {
        Self(Mutex::new((0, LruCache::new(KEPT))))
    }
}

impl CatalogCache {
    fn get(&self, changes: u64, query: &str) -> Option<Rendered> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 == changes {
            kept.1.get(query).cloned()
        } else {
            None
        }
    }

    /// Keeps an answer that was made of the catalog after `changes` changes or later.
    fn put(&self, changes: u64, query: &str, rendered: Rendered) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 > changes || query.len() > MAX_KEY {
            return;
        }
        if kept.0 < changes {
            kept.1.clear();
            kept.0 = changes;
        }
        kept.1.put(query.to_owned(), rendered);
    }
}

impl Rendered {
    fn new(value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| Problem::internal(&error))?;
        let etag = format!("\"{}\"", &Sha256Digest::of(&body).to_string()[..32]);
        Ok(Self {
            body: body.into(),
            etag: HeaderValue::try_from(etag).map_err(|error| Problem::internal(&error))?,
        })
    }

    /// The answer, or 304 when the caller has it already (RFC 9110, section 15.4.5).
    fn answer(self, have: &IfNoneMatch) -> Response {
        let headers = [
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        ];
        if have.has(&self.etag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (headers, kind, self.body).into_response()
    }
}

/// What is typed into a search box, in characters. Each word of it is looked for in each row.
const MAX_TYPED: usize = 200;

/// How many words of it there may be.
const MAX_WORDS: usize = 10;

/// The longest name of a shelf, in characters.
const MAX_CATEGORY: usize = 60;

/// Which rows of the marketplace are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CatalogQuery {
    /// Those on this shelf.
    #[param(max_length = 60)]
    category: Option<String>,
    /// Those that fit what was typed, the best first: at most 200 characters and 10 words.
    #[param(max_length = 200)]
    q: Option<String>,
    /// How many items at most.
    #[serde(default, deserialize_with = "number")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where to go on: the `next_cursor` of the page before.
    cursor: Option<String>,
    /// As it was at this time (RFC 3339) or position.
    #[serde(default, deserialize_with = "moment")]
    #[param(value_type = Option<String>)]
    as_of: Option<AsOf>,
}

/// Browse the marketplace.
///
/// Published rows with the number of rows on each shelf. The answer has an `ETag`: send it back as `If-None-Match`.
#[utoipa::path(get, path = "/v1/catalog", tag = "Catalog",
    params(
        CatalogQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the copy that you have."),
    ),
    responses(
        (status = 200, description = "A page of the marketplace.", body = CatalogPage),
        (status = 304, description = "Your copy is still right."),
    ))]
async fn list_catalog(
    State(app): State<AppState>,
    _: Caller,
    min: MinPosition,
    have: IfNoneMatch,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    app.reached(ProjectionName::Catalog, min).await?;
    let raw = raw.unwrap_or_default();
    // Counted before the catalog is read, so that an answer is never kept for longer than it is right.
    let changes = app.projections.changed(ProjectionName::Catalog);
    if let Some(rendered) = app.catalog.get(changes, &raw) {
        return Ok(rendered.answer(&have));
    }
    let Query(query) = Query::<CatalogQuery>::parse(&raw)?;
    let filter = CatalogFilter {
        category: at_most("category", query.category, MAX_CATEGORY)?,
        q: typed(query.q)?,
        limit: page_size(query.limit)?,
        cursor: query.cursor,
    };
    let catalog = app.projections.catalog();
    let page = match query.as_of {
        None => catalog.list(&filter).await?,
        Some(as_of) => catalog.list_as_of(&*app.log, &filter, as_of).await?,
    };
    let rendered = Rendered::new(&CatalogPage::from(page))?;
    if query.as_of.is_none() {
        app.catalog.put(changes, &raw, rendered.clone());
    }
    Ok(rendered.answer(&have))
}

/// What was typed, when it is not more than a search takes.
fn typed(q: Option<String>) -> Result<Option<String>, Problem> {
    let q = at_most("q", q, MAX_TYPED)?;
    if q.as_ref().is_none_or(|q| q.split_whitespace().count() <= MAX_WORDS) {
        return Ok(q);
    }
    let message = format!("at most {MAX_WORDS} words are looked for");
    Err(Problem::field(Code::InvalidParameter, "/query/q", "too-long", message))
}

/// Read a row of the marketplace.
///
/// With its connect form: what to ask the account for, in order.
#[utoipa::path(get, path = "/v1/catalog/{provider}", tag = "Catalog",
    params(
        ("provider" = String, Path, description = "The provider's key."),
        Moment,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the copy that you have."),
    ),
    responses(
        (status = 200, description = "The row with its connect form.", body = CatalogEntry),
        (status = 304, description = "Your copy is still right."),
    ))]
async fn get_catalog_entry(
    State(app): State<AppState>,
    _: Caller,
    At(key): At<ProviderKey>,
    min: MinPosition,
    have: IfNoneMatch,
    Query(Moment { as_of }): Query<Moment>,
) -> Result<Response, Problem> {
    app.reached(ProjectionName::Catalog, min).await?;
    let catalog = app.projections.catalog();
    let entry = match as_of {
        None => catalog.get(&key).await?,
        Some(as_of) => catalog.get_as_of(&*app.log, &key, as_of).await?,
    };
    let entry = entry.ok_or_else(Problem::not_found)?;
    Ok(Rendered::new(&CatalogEntry::from(entry))?.answer(&have))
}
