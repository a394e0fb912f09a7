use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept alive. It does the least that HTTP/1.1 asks of a client (RFC 9112), so that what is measured
/// is the server: it sends bytes that are ready, and reads answers that say how long they are.
pub(super) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer, as it was received.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) head: &'a [u8],
    pub(super) body: &'a [u8],
}

/// A request as it is sent.
pub(super) fn request(method: &str, path: &str, token: &str, body: Option<&Value>) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n");
    let rest = body.map_or_else(
        || "\r\n".to_owned(),
        |body| {
            let body = body.to_string();
            format!(
                "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        },
    );
    (head + &rest).into_bytes()
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let received = Vec::with_capacity(64 * 1024);
        Ok(Self { stream, received })
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let mut head = None;
        let (from, until) = loop {
            if head.is_none() {
                head = head_of(&self.received)?;
            }
            match head {
                Some((from, length)) if self.received.len() >= from + length => break (from, from + length),
                _ if self.stream.read_buf(&mut self.received).await? == 0 => bail!("the server hung up"),
                _ => {}
            }
        };
        let status = self
            .received
            .get(9..12)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        Ok(Answer {
            status: status.context("an answer without a status")?.parse()?,
            head: &self.received[..from],
            body: &self.received[from..until],
        })
    }

    /// The same for an answer that must be a success, and is JSON.
    pub(super) async fn call(&mut self, request: &[u8]) -> Result<Value> {
        let answer = self.exchange(request).await?;
        let text = String::from_utf8_lossy(answer.body);
        if !answer.is_success() {
            bail!("answered with {}: {text}", answer.status);
        }
        serde_json::from_str(&text).context("an answer that is no JSON")
    }
}

impl Answer<'_> {
    pub(super) const fn is_success(&self) -> bool {
        self.status / 100 == 2
    }
}

/// Where the body starts and how long it is, once all of the head is there.
fn head_of(received: &[u8]) -> Result<Option<(usize, usize)>> {
    const NAME: &[u8] = b"content-length:";
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    for line in received[..end].split(|&byte| byte == b'\n') {
        if let Some(name) = line.get(..NAME.len())
            && name.eq_ignore_ascii_case(NAME)
        {
            let length = std::str::from_utf8(&line[NAME.len()..])?.trim().parse()?;
            return Ok(Some((end + 4, length)));
        }
    }
    bail!("an answer that does not say how long it is")
}

/// The cookie that an answer sets, as it is sent back.
pub(super) fn cookie(head: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(head).ok()?;
    let (_, value) = text.split_once("set-cookie: ")?;
    Some(value.split(';').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_found_once_the_head_is_complete() {
        let answer = b"HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(head_of(&answer[..40]).unwrap(), None);
        assert_eq!(head_of(answer).unwrap(), Some((answer.len() - 5, 5)));
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        assert!(head_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
