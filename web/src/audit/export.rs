use std::error::Error;
use std::future::Future;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::{AccountId, Position};
use futures::stream::{self, Stream, StreamExt};
use projections::{AuditFilter, HistoryEntry, HistoryPage, ProjectionName};

use super::csv;
use super::search::Search;
use crate::error::Failure;
use crate::session::LogReader;
use crate::site::Site;

/// So many events are in memory at a time.
const READ: u32 = 500;

type BoxError = Box<dyn Error + Send + Sync>;

/// How events are written.
struct Form {
    extension: &'static str,
    kind: &'static str,
    header: &'static str,
    line: fn(&HistoryEntry) -> Result<String, serde_json::Error>,
}

/// One JSON object a line, the same as the API gives.
const JSON_LINES: Form = Form {
    extension: "jsonl",
    kind: "application/jsonl; charset=utf-8",
    header: "",
    line: json_line,
};

/// A table.
const CSV: Form = Form {
    extension: "csv",
    kind: "text/csv; charset=utf-8; header=present",
    header: csv::HEADER,
    line: csv::line,
};

pub(super) async fn json_lines(
    State(site): State<Site>,
    reader: LogReader,
    Query(search): Query<Search>,
) -> Result<Response, Failure> {
    export(site, reader, search, JSON_LINES).await
}

pub(super) async fn csv(
    State(site): State<Site>,
    reader: LogReader,
    Query(search): Query<Search>,
) -> Result<Response, Failure> {
    export(site, reader, search, CSV).await
}

fn json_line(event: &HistoryEntry) -> Result<String, serde_json::Error> {
    Ok(serde_json::to_string(event)? + "\n")
}

/// All events that fit, in the order of the log, up to where the log is read now: a part of them is in memory at a time.
async fn export(site: Site, reader: LogReader, search: Search, form: Form) -> Result<Response, Failure> {
    let filter = search.trimmed().filter(reader.only.as_ref(), READ)?;
    let filter = filter.map_err(|_| {
        Failure::BadForm("A condition of the search cannot be read: nothing was exported. See the search itself")
    })?;
    let end = site.projections.status_of(ProjectionName::History).position;
    // Read before the answer begins, so that what is away now is said in words.
    let first = site.projections.history().events(&filter).await?;
    let name = file_name(filter.account.as_ref(), &site, form.extension);
    let headers = [
        (header::CONTENT_TYPE, form.kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    let later = move |after| {
        let (site, filter) = (
            site.clone(),
            AuditFilter {
                after,
                ..filter.clone()
            },
        );
        async move { Ok(site.projections.history().events(&filter).await?) }
    };
    let header = stream::iter([Ok(Bytes::from_static(form.header.as_bytes()))]);
    let body = header.chain(lines(first, later, end, form.line));
    Ok((headers, Body::from_stream(body)).into_response())
}

/// An id of an account is made of letters, digits, `-` and `_`.
fn file_name(account: Option<&AccountId>, site: &Site, extension: &str) -> String {
    let now = site.clock.now().format("%Y-%m-%dT%H%MZ");
    match account {
        Some(account) => format!("audit-{account}-{now}.{extension}"),
        None => format!("audit-{now}.{extension}"),
    }
}

/// The lines of all pages up to `end`, a page at a time. When a page cannot be read the stream ends with the error, and so
/// the connection is cut: nobody takes a part for the whole.
fn lines<F>(
    first: HistoryPage,
    later: impl Fn(Position) -> F + Send + Sync,
    end: Position,
    line: fn(&HistoryEntry) -> Result<String, serde_json::Error>,
) -> impl Stream<Item = Result<Bytes, BoxError>> + Send
where
    F: Future<Output = Result<HistoryPage, BoxError>> + Send,
{
    let written = move |page: &HistoryPage| -> Result<Bytes, BoxError> {
        let events = page.events.iter().filter(|event| event.position <= end);
        let text: Result<String, _> = events.map(line).collect();
        Ok(Bytes::from(text?))
    };
    let start = Some(Next::Read(first));
    stream::unfold((start, later), move |(next, later)| async move {
        let page = match next? {
            Next::Read(page) => Ok(page),
            Next::After(position) => later(position).await,
        };
        let next = match &page {
            Ok(page) if page.more && page.next < end => Some(Next::After(page.next)),
            Ok(_) => None,
            Err(error) => {
                tracing::error!(%error, "an export was cut off, since the history could not be read on");
                None
            }
        };
        Some((page.and_then(|page| written(&page)), (next, later)))
    })
}

/// What is written next.
enum Next {
    /// A page that is here.
    Read(HistoryPage),
    /// The page after this position.
    After(Position),
}

#[cfg(test)]
mod tests {
    use domain::{Actor, CommandId, CorrelationId, EventId};
    use futures::TryStreamExt;
    use futures::executor::block_on;

    use super::*;

    fn page(positions: std::ops::RangeInclusive<u64>, more: bool) -> HistoryPage {
        let command = CommandId::of("a", "b");
        let events: Vec<_> = positions
            .map(|position| HistoryEntry {
                position: Position::from_stored(position),
                id: EventId::of(command, 0),
                stream: "keyring".to_owned(),
                revision: position,
                kind: "KeyAdded".to_owned(),
                schema: 1,
                recorded_at: chrono::DateTime::UNIX_EPOCH,
                actor: Actor::system("test"),
                account: None,
                provider: None,
                connection: None,
                credential: None,
                command_id: command,
                correlation_id: CorrelationId::new(command.uuid()),
                data: serde_json::value::RawValue::from_string("{}".to_owned()).unwrap(),
            })
            .collect();
        let next = events.last().map_or(Position::START, |event| event.position);
        HistoryPage { events, next, more }
    }

    /// In these tests the revision is the position.
    fn position_alone(event: &HistoryEntry) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(&event.revision)? + " ")
    }

    fn exported(
        pages: impl Fn(u64) -> Result<HistoryPage, BoxError> + Send + Sync,
        end: u64,
    ) -> Vec<Result<String, String>> {
        let later = |after: Position| std::future::ready(pages(after.to_stored()));
        let lines = lines(page(1..=2, true), later, Position::from_stored(end), position_alone);
        let lines = lines
            .map_ok(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
            .map_err(|error| error.to_string());
        block_on(lines.collect())
    }

    #[test]
    fn an_export_ends_where_the_log_ended_when_it_began() {
        let endless = |after: u64| Ok(page(after + 1..=after + 2, true));
        let text: String = exported(endless, 5).into_iter().map(Result::unwrap).collect();
        assert_eq!(text, "1 2 3 4 5 ");
    }

    #[test]
    fn a_page_without_events_does_not_end_an_export() {
        let sparse = |after: u64| {
            let mut found = page(after + 1..=after + 2, after < 6);
            if after == 2 {
                found.events.clear();
            }
            Ok(found)
        };
        let text: String = exported(sparse, 100).into_iter().map(Result::unwrap).collect();
        assert_eq!(text, "1 2 5 6 7 8 ");
    }

    #[test]
    fn an_export_that_fails_in_the_middle_does_not_end_like_a_whole_one() {
        let failing = |after: u64| match after {
            2 => Ok(page(3..=4, true)),
            _ => Err("gone".into()),
        };
        let parts = exported(failing, 100);
        assert_eq!(
            parts,
            [Ok("1 2 ".to_owned()), Ok("3 4 ".to_owned()), Err("gone".to_owned())]
        );
    }
}
