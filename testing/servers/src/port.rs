use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::bail;

/// A port of 127.0.0.1 that nobody listens on.
///
/// It is below the range from which systems take the ports of outgoing connections: a server that is restarted must find
/// its port free, and a client that keeps knocking at a dead server must not happen to connect to itself.
///
/// # Errors
/// No port is free.
pub(crate) fn free() -> anyhow::Result<u16> {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 22_000;
    for _ in 0..200 {
        let [high, low, ..] = random()?;
        let port = FIRST + u16::from_be_bytes([high, low]) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port was found on 127.0.0.1")
}

/// Random bytes, for ports, names and the passwords of test servers.
///
/// # Errors
/// The system gives none.
pub(crate) fn random() -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// 32 random hexadecimal digits.
///
/// # Errors
/// The system gives no random bytes.
pub(crate) fn random_name() -> anyhow::Result<String> {
    Ok(format!("{:032x}", u128::from_be_bytes(random()?)))
}
