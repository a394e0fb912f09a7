use domain::token::{AccountScope, Role};
use domain::{Actor, ActorKind, CommandId, CorrelationId};
use serde_json::{Value, json};

use super::visitor::Visitor;
use crate::test_app::TestApp;
use crate::world::World;

/// The columns of a table, as the header names them.
const COLUMNS: &str = "position,id,stream,revision,type,schema,recorded_at,actor_kind,actor_id,account,provider,\
    connection,credential,command_id,correlation_id,data";

/// All events, as the API gives them.
async fn events(app: &TestApp, token: &str, query: &str) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let path = format!("/v1/audit/events?limit=200&after={after}&{query}");
        let page = app.get(token, &path).await.expect(200);
        all.extend(page.body["items"].as_array().unwrap().clone());
        page.body["next"].as_str().unwrap().clone_into(&mut after);
        if page.body["more"] == false {
            return all;
        }
    }
}

/// A table, read as RFC 4180 says: records of fields.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.next_if_eq(&'"').is_some() => field.push('"'),
            ('"', _) => quoted = !quoted,
            (',', false) => record.push(std::mem::take(&mut field)),
            ('\r', false) => {
                assert_eq!(chars.next(), Some('\n'));
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            (c, _) => field.push(c),
        }
    }
    assert!(field.is_empty() && record.is_empty() && !quoted, "the table was cut");
    records
}

/// The event that a record of a table tells of, in the form of the API.
fn event(record: &[String]) -> Value {
    let field = |name: &str| {
        let text = &record[COLUMNS.split(',').position(|column| column == name).unwrap()];
        text.strip_prefix('\'').unwrap_or(text)
    };
    let optional = |name: &str| match field(name) {
        "" => Value::Null,
        text => text.into(),
    };
    let number = |name: &str| field(name).parse::<u64>().unwrap();
    json!({
        "position": field("position"),
        "id": field("id"),
        "stream": field("stream"),
        "revision": number("revision"),
        "type": field("type"),
        "schema": number("schema"),
        "recorded_at": field("recorded_at"),
        "actor": {"kind": field("actor_kind"), "id": field("actor_id")},
        "account": optional("account"),
        "provider": optional("provider"),
        "connection": optional("connection"),
        "credential": optional("credential"),
        "command_id": field("command_id"),
        "correlation_id": field("correlation_id"),
        "data": serde_json::from_str::<Value>(field("data")).unwrap(),
    })
}

/// Somebody whose name starts like a formula, and who names an account so that it spoils a table.
async fn act_as(app: &TestApp, actor: &str, number: usize) {
    let id = app.ids();
    let ctx = commands::Context {
        actor: Actor {
            kind: ActorKind::User,
            id: actor.to_owned(),
        },
        command: CommandId::new(id),
        correlation: CorrelationId::new(id),
        request: None,
    };
    let new = commands::NewAccount {
        id: format!("odd-{number}").parse().unwrap(),
        name: "=1+1, \"quoted\", two".to_owned(),
        parent: None,
    };
    app.state.commands.open_account(ctx, new).await.unwrap();
}

const ODD: [&str; 6] = [
    "=HYPERLINK(\"https://evil.example\")",
    "+1",
    "-1",
    "@SUM(A1)",
    "'=1",
    "a,\"b\"",
];

async fn odd_world() -> World {
    let world = World::connected().await;
    for (number, actor) in ODD.iter().enumerate() {
        act_as(&world.app, actor, number).await;
    }
    world.app.settle().await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_hold_exactly_the_events_of_the_api() {
    let world = odd_world().await;
    let app = &world.app;
    let mut auditor = Visitor::with(app, &world.auditor).await;
    for query in [
        "",
        "account=acme",
        "type=AccountOpened",
        "provider=mock&account=acme",
        "actor=nobody",
    ] {
        let expected = events(app, &world.auditor, query).await;
        let lines = auditor.open(&format!("/audit/export.jsonl?{query}")).await.expect(200);
        assert_eq!(lines.header("content-type"), "application/jsonl; charset=utf-8");
        let text = String::from_utf8(lines.bytes).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, expected, "{query}");
        let table = auditor.open(&format!("/audit/export.csv?{query}")).await.expect(200);
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
        let mut records = records(&String::from_utf8(table.bytes).unwrap()).into_iter();
        assert_eq!(records.next().unwrap().join(","), COLUMNS);
        let found: Vec<_> = records.map(|record| event(&record)).collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_field_of_a_table_is_a_formula() {
    let world = odd_world().await;
    let mut auditor = Visitor::with(&world.app, &world.auditor).await;
    let table = auditor.open("/audit/export.csv").await.expect(200);
    let fields: Vec<_> = records(&String::from_utf8(table.bytes).unwrap()).concat();
    for field in &fields {
        assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{field}");
    }
    for odd in ODD {
        let guarded = fields
            .iter()
            .any(|field| field.strip_prefix('\'') == Some(odd) || field == odd);
        assert!(guarded, "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_export_is_whole_and_a_file() {
    let world = World::new().await;
    let app = &world.app;
    for number in 0..700 {
        let ctx = commands::Context {
            actor: Actor::system("test"),
            command: CommandId::new(app.ids()),
            correlation: CorrelationId::new(app.ids()),
            request: None,
        };
        let new = commands::NewToken {
            name: format!("Number {number}"),
            sha256: domain::Sha256Digest::of(format!("{number}").as_bytes()),
            role: Role::Service,
            accounts: AccountScope::All,
            expires_at: None,
        };
        app.state.commands.issue_token(ctx, new).await.unwrap();
    }
    app.settle().await;
    let mut auditor = Visitor::with(app, &world.auditor).await;
    let expected = events(app, &world.auditor, "").await;
    assert!(expected.len() > 700);
    let lines = auditor.open("/audit/export.jsonl").await.expect(200);
    assert_eq!(
        lines.header("content-disposition"),
        "attachment; filename=\"audit-2026-03-01T1200Z.jsonl\""
    );
    assert_eq!(lines.header("cache-control"), "no-store");
    let text = String::from_utf8(lines.bytes).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, expected);
    let one = auditor.open("/audit/export.csv?account=acme").await.expect(200);
    assert_eq!(
        one.header("content-disposition"),
        "attachment; filename=\"audit-acme-2026-03-01T1200Z.csv\""
    );
}
