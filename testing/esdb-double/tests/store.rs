//! The rules of the server that a log depends on, as its published source has them.

use esdb_double::{Expectation, Outcome, Proposed, Store};
use uuid::Uuid;

fn events(ids: &[u128]) -> Vec<Proposed> {
    let event = |id: &u128| Proposed {
        id: Uuid::from_u128(1000 + id),
        kind: "Something".to_owned(),
        content_type: "application/json".to_owned(),
        metadata: Vec::new(),
        data: b"{}".to_vec(),
    };
    ids.iter().map(event).collect()
}

fn with(stored: &[u128]) -> Store {
    let store = Store::new(1024 * 1024);
    if !stored.is_empty() {
        store.append("a", Expectation::NoStream, events(stored));
    }
    store
}

#[test]
fn the_expected_revision_and_the_ids_decide_about_an_append() {
    use Expectation::{Any, NoStream, Revision, StreamExists};
    const NEW: &str = "stored";
    const AGAIN: &str = "a repeat";
    const WRONG: &str = "wrong";
    // What is in the stream, what is expected, what is sent, what becomes of it.
    let table: [(&[u128], Expectation, &[u128], &str); 18] = [
        (&[], NoStream, &[1], NEW),
        (&[], Any, &[1], NEW),
        (&[], StreamExists, &[1], WRONG),
        (&[], Revision(0), &[1], WRONG),
        (&[1, 2], NoStream, &[3], WRONG),
        (&[1, 2], Revision(0), &[3], WRONG),
        (&[1, 2], Revision(1), &[3], NEW),
        (&[1, 2], Revision(2), &[3], WRONG),
        (&[1, 2], StreamExists, &[3], NEW),
        (&[1, 2], NoStream, &[1, 2], AGAIN),
        (&[1, 2], NoStream, &[1], AGAIN),
        (&[1, 2], Revision(0), &[2], AGAIN),
        (&[1, 2], NoStream, &[2], WRONG),
        (&[1, 2], NoStream, &[1, 2, 3], WRONG),
        (&[1, 2], Any, &[1, 2], AGAIN),
        (&[1, 2], Any, &[2, 1], AGAIN),
        (&[1, 2], Any, &[2, 3], WRONG),
        // The server stores these twice: it looks at ids only where the revision is not the newest.
        (&[1, 2], Revision(1), &[1, 2], NEW),
    ];
    for (stored, expected, sent, what) in table {
        let outcome = match with(stored).append("a", expected, events(sent)) {
            Outcome::Stored { repeated: false, .. } => NEW,
            Outcome::Stored { repeated: true, .. } => AGAIN,
            Outcome::WrongVersion(_) => WRONG,
            Outcome::TooLarge(_) => "too large",
        };
        assert_eq!(outcome, what, "{sent:?} to {stored:?}, expecting {expected:?}");
    }
}

#[test]
fn a_repeat_is_answered_as_the_first_time() {
    let store = with(&[]);
    let first = store.append("a", Expectation::NoStream, events(&[1, 2]));
    store.append("a", Expectation::Any, events(&[3]));
    let again = store.append("a", Expectation::NoStream, events(&[1, 2]));
    let (
        Outcome::Stored { revision, position, .. },
        Outcome::Stored {
            revision: r,
            position: p,
            ..
        },
    ) = (first, again)
    else {
        panic!("{first:?}, {again:?}");
    };
    assert_eq!((revision, position), (r, p));
}

#[test]
fn an_id_of_another_stream_is_free() {
    let store = with(&[1]);
    let other = store.append("b", Expectation::NoStream, events(&[1]));
    assert!(matches!(other, Outcome::Stored { repeated: false, .. }), "{other:?}");
}

#[test]
fn positions_are_offsets_and_system_events_stand_between() {
    let store = with(&[1, 2]);
    store.append("a", Expectation::Any, events(&[3]));
    let all = store.forwards(0, 100);
    assert!(all.iter().any(|record| record.stream.starts_with('$')));
    assert!(all.is_sorted_by(|one, next| one.position + 100 < next.position));
    let mut back = store.backwards(u64::MAX, 100);
    back.reverse();
    assert_eq!(back, all);
    assert!(store.is_boundary(all[1].position) && !store.is_boundary(all[1].position + 1));
}

#[test]
fn an_append_over_the_limit_is_refused_whole() {
    let store = Store::new(64);
    let outcome = store.append("a", Expectation::NoStream, events(&[1, 2, 3, 4]));
    assert_eq!(outcome, Outcome::TooLarge(64));
    assert!(store.stream("a").is_none());
}
