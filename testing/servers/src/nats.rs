use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use crate::authority::Certificate;
use crate::port::free;
use crate::postgres::orderly;
use crate::process::Process;
use crate::user::User;

const MISSING: &str = "nats-server is not installed, and this test needs a real one: install the package `nats-server` \
                       (Debian, Ubuntu: `apt-get install nats-server`; macOS: `brew install nats-server`), or put the \
                       folder of `nats-server` into PATH";

/// A NATS server of its own with JetStream: on a free port of 127.0.0.1, with its store in a temporary folder.
///
/// It is gone when this is dropped, and at the latest when this process ends. Where it cannot do what it is asked for, it
/// panics with a sentence: it is made for tests.
pub struct Nats {
    process: Process,
    program: PathBuf,
    port: u16,
}

impl Nats {
    /// A server that lets everybody in.
    ///
    /// # Panics
    /// nats-server is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with("", &[])
    }

    /// A server with more in its configuration file, and with the files (name and content) that this speaks of, next to
    /// it.
    ///
    /// # Panics
    /// nats-server is not installed, or does not start.
    #[must_use]
    pub fn start_with(settings: &str, files: &[(&str, &str)]) -> Self {
        let started = program().and_then(|program| {
            // Another process may take the port between the moment it is found free and the server's start.
            let first = Self::attempt(&program, settings, files);
            first.or_else(|_| Self::attempt(&program, settings, files))
        });
        orderly(started)
    }

    /// Servers that keep streams together: as long as more than half of them run, none is lost. Each is called `n` and its
    /// number from 0. They have found each other when a stream can be made.
    ///
    /// # Panics
    /// nats-server is not installed, or does not start.
    #[must_use]
    pub fn cluster(size: usize) -> Vec<Self> {
        let ports: Vec<_> = (0..size).map(|_| orderly(free())).collect();
        let routes: Vec<_> = ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let routes = routes.join(", ");
        let start = |(number, port)| {
            let cluster = format!("name: test, listen: '127.0.0.1:{port}', routes: [{routes}]");
            Self::start_with(&format!("server_name: n{number}\ncluster {{ {cluster} }}"), &[])
        };
        ports.iter().enumerate().map(start).collect()
    }

    /// A server with TLS and more in its configuration file: it shows this certificate, and takes no connection that is not encrypted.
    ///
    /// # Panics
    /// nats-server is not installed, or does not start.
    #[must_use]
    pub fn start_encrypted(certificate: &Certificate, settings: &str) -> Self {
        let tls = "tls { cert_file: 'cert.pem', key_file: 'key.pem' }";
        let files = [
            ("cert.pem", certificate.certificate.as_str()),
            ("key.pem", certificate.key.as_str()),
        ];
        Self::start_with(&format!("{tls}\n{settings}"), &files)
    }

    /// Where it can be reached, without user and password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// Its address and port, the same ones for as long as it exists.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills it in the middle of what it does.
    ///
    /// # Panics
    /// It cannot be killed.
    pub fn kill(&self) {
        orderly(self.process.kill());
    }

    /// Starts it again on the same port and with the same store; one that runs is stopped in order before. It takes
    /// connections when this returns.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&self) {
        orderly(self.process.end("TERM"));
        orderly(self.run());
    }

    /// Kills it and starts it again on the same port, with nothing in its store.
    ///
    /// # Panics
    /// It does not start.
    pub fn wipe_and_restart(&self) {
        self.kill();
        orderly(fs::remove_dir_all(self.store()).context("the store cannot be removed"));
        orderly(self.run());
    }

    /// Has it stand still: connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Has it go on after [`Nats::pause`].
    pub fn resume(&self) {
        self.process.resume();
    }

    fn attempt(program: &Path, settings: &str, files: &[(&str, &str)]) -> anyhow::Result<Self> {
        let server = Self {
            process: Process::new("nats", User::for_server("nats")?, "TERM")?,
            program: program.to_owned(),
            port: free()?,
        };
        for (name, content) in files.iter().chain(&[("nats.conf", settings)]) {
            let path = server.process.folder().join(name);
            fs::write(&path, content)?;
            server.process.give(&path)?;
        }
        server.run()?;
        Ok(server)
    }

    fn run(&self) -> anyhow::Result<()> {
        let folder = self.process.folder();
        let args = ["-c", "nats.conf", "-a", "127.0.0.1", "-js"].map(str::to_owned);
        let port = ["-p".to_owned(), self.port.to_string()];
        let store = ["-sd".to_owned(), folder.join("store").display().to_string()];
        self.process
            .spawn(&self.program, &[args.as_slice(), &port, &store].concat())?;
        self.process.wait_until(|| self.greets())
    }

    fn store(&self) -> PathBuf {
        self.process.folder().join("store")
    }

    /// Whether it greets who connects, as a server that takes clients does.
    fn greets(&self) -> bool {
        let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else {
            return false;
        };
        let mut greeting = String::new();
        let limited = stream.set_read_timeout(Some(Duration::from_secs(1)));
        limited.is_ok() && BufReader::new(stream).read_line(&mut greeting).is_ok() && greeting.starts_with("INFO ")
    }
}

/// Where nats-server is: in PATH, or where Debian's package puts it.
fn program() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/bin".into()])
        .map(|folder| folder.join("nats-server"))
        .find(|program| program.is_file())
        .context(MISSING)
}
