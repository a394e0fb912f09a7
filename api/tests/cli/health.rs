use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use crate::read_models::{stopped, wait_until, write_an_unknown_event};
use crate::{Server, soconnective, text};

/// Exit code and output of `soconnective health …`.
fn health(arguments: &[&str]) -> (Option<i32>, String) {
    let output = soconnective(&[&["health"], arguments].concat());
    (output.status.code(), text(&output))
}

/// Where a server listens, by what it has printed.
fn url(server: &Server) -> String {
    let line = server.printed.iter().find(|line| line.contains("http://")).unwrap();
    let host = line.split("http://").nth(1).unwrap();
    let end = host.find(|letter: char| !(letter.is_ascii_digit() || ".:".contains(letter)));
    format!("http://{}", &host[..end.unwrap_or(host.len())])
}

fn start(data: &Path) -> (Server, String) {
    let server = Server::start(data, &[]);
    let url = url(&server);
    (server, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_read_model_has_stopped_lives_and_is_not_ready() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (server, url) = start(&data);
    wait_until("being ready", || health(&[&url]).0 == Some(0));
    assert_eq!(health(&["--live", &url]).0, Some(0));
    assert_eq!(server.terminate().0, Some(0));
    assert_eq!(health(&["--live", &url]).0, Some(2), "nobody answers");
    write_an_unknown_event(&data).await;

    let (server, url) = start(&data);
    wait_until("standing still", || !stopped(&data).is_empty());
    let (code, said) = health(&[&url]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("not-ready"), "{said}");
    let (code, said) = health(&["--live", &url]);
    assert_eq!(code, Some(0), "no reason to kill it: {said}");
    assert_eq!(server.terminate().0, Some(0));
}

#[test]
fn the_health_checks_of_containers_ask_whether_a_node_lives() {
    for file in ["Dockerfile", "docker-compose.yml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let written = std::fs::read_to_string(path).unwrap();
        let asks = written.lines().filter(|line| line.contains(r#""health","#));
        let asks: Vec<_> = asks.collect();
        assert!(
            !asks.is_empty() && asks.iter().all(|line| line.contains(r#""--live""#)),
            "{file}: {asks:?}"
        );
    }
}

/// Something else may listen where a node was expected.
#[test]
fn another_server_is_not_taken_for_a_node() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers = ["not json", r#"{"ok":true}"#, r#"{"status":"fine"}"#];
    let serving = std::thread::spawn(move || {
        for body in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    for expected in [2, 2, 1] {
        let (code, said) = health(&[&url]);
        assert_eq!(code, Some(expected), "{said}");
    }
    serving.join().unwrap();
}
