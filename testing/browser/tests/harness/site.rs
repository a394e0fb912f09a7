use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;

use anyhow::Result;

/// The policy of every page here.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'";

/// A small HTTP server of the test's own, on a free port of the loopback address. It ends with the process.
pub(crate) struct Site {
    base: String,
}

impl Site {
    /// Serves `pages`: path and content, which is a script unless it begins as a page does. Forms may be sent to any path. What
    /// is not there is answered with 404.
    pub(crate) fn start(pages: Vec<(&'static str, String)>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let base = format!("http://{}", listener.local_addr()?);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let pages = pages.clone();
                // A browser that goes away in the middle is no finding.
                thread::spawn(move || answer(&connection, &pages));
            }
        });
        Ok(Self { base })
    }

    /// One page, with what every good one has.
    pub(crate) fn of(body: &str) -> Result<Self> {
        Self::start(vec![("/", page(body))])
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// A page without a fault, with this in it.
pub(crate) fn page(body: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><title>A page</title><link rel=icon href=/icon.png>\
         <meta name=viewport content='width=device-width'></head><body><main><h1>A page</h1>{body}</main></body></html>"
    )
}

fn answer(mut connection: &TcpStream, pages: &[(&str, String)]) -> Result<()> {
    let mut reader = BufReader::new(connection);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let (status, kind, body) = match pages.iter().find(|(name, _)| *name == path) {
        Some((_, body)) if body.starts_with("<!doctype") => ("200 OK", "text/html; charset=utf-8", body.as_str()),
        Some((_, body)) => ("200 OK", "text/javascript", body.as_str()),
        None if path == "/icon.png" => ("204 No Content", "image/png", ""),
        None => ("404 Not Found", "text/plain", "nothing here"),
    };
    write!(
        connection,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nContent-Security-Policy: {POLICY}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )?;
    Ok(connection.shutdown(Shutdown::Both)?)
}
