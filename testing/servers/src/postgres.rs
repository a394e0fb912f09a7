use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, bail};

use crate::authority::Certificate;
use crate::port::{free, random_name};
use crate::process::Process;
use crate::user::User;

const MISSING: &str = "PostgreSQL is not installed, and this test needs a real one: install the package `postgresql` \
                       (Debian, Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql`), or put the \
                       folder of `initdb` and `postgres` into PATH";

/// A PostgreSQL server of its own: on a free port of 127.0.0.1, in a temporary folder, as durable as one in production unless it
/// is the shared one.
///
/// It is gone when this is dropped, and at the latest when this process ends. Where it cannot do what it is asked for, it
/// panics with a sentence: it is made for tests.
pub struct Postgres {
    process: Process,
    programs: PathBuf,
    port: u16,
    /// Of the superuser `postgres`.
    password: String,
    /// Whether it waits for the disk.
    durable: bool,
}

impl Postgres {
    /// The server that all tests of this process share. Nobody kills it, and it does not wait for the disk: each of its many
    /// databases would cost seconds otherwise.
    ///
    /// # Panics
    /// See [`Postgres::start`].
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start_as(None, false))
    }

    /// A server of one's own, for those who stop and kill it.
    ///
    /// # Panics
    /// PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_as(None, true)
    }

    /// The same, with TLS: it shows this certificate, and takes no connection that is not encrypted.
    ///
    /// # Panics
    /// PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start_encrypted(certificate: &Certificate) -> Self {
        Self::start_as(Some(certificate), true)
    }

    fn start_as(certificate: Option<&Certificate>, durable: bool) -> Self {
        let started = programs().and_then(|programs| {
            // Another process may take the port between the moment it is found free and the server's start.
            let first = Self::attempt(&programs, certificate, durable);
            first.or_else(|_| Self::attempt(&programs, certificate, durable))
        });
        orderly(started)
    }

    /// A new, empty database, owned by a new role that is nobody special: neither a superuser nor free of row security.
    /// Its URL.
    ///
    /// # Panics
    /// The server does not run.
    #[must_use]
    pub fn database(&self) -> String {
        let name = orderly(random_name());
        let (role, database, password) = (format!("role_{name}"), format!("db_{name}"), orderly(random_name()));
        let _ = self.sql(
            "postgres",
            &[
                &format!(
                    "CREATE ROLE {role} LOGIN PASSWORD '{password}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
                ),
                &format!("CREATE DATABASE {database} OWNER {role}"),
            ],
        );
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements in `database` as superuser, each in a transaction of its own, and gives what they print: a line
    /// per row, with `|` between columns.
    ///
    /// # Panics
    /// The server does not run, or a statement fails.
    pub fn sql(&self, database: &str, statements: &[&str]) -> String {
        let mut psql = Command::new(self.program("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.superuser_url(database))
            // Its settings and certificates are nobody's: those of the home of whoever runs the tests cannot be read.
            .env("HOME", self.process.folder())
            .args(statements.iter().flat_map(|statement| ["-c", statement]));
        orderly(self.process.run(&mut psql))
    }

    /// The URL with which the superuser opens `database`.
    #[must_use]
    pub fn superuser_url(&self, database: &str) -> String {
        format!(
            "postgres://postgres:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }

    /// Where one of the server's own programs is, `pg_dump` say.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The port of 127.0.0.1 that it listens on, the same one for as long as it exists.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Kills all of its processes at once, in the middle of what they do, as a machine that loses its power would.
    ///
    /// # Panics
    /// It cannot be killed.
    pub fn kill(&self) {
        orderly(self.process.kill());
    }

    /// Stops it in order: what runs is rolled back, and connections are closed.
    ///
    /// # Panics
    /// It cannot be stopped.
    pub fn stop(&self) {
        orderly(self.process.end("INT"));
    }

    /// Starts it again on the same port and folder; one that runs is stopped in order before. It takes connections when
    /// this returns.
    ///
    /// # Panics
    /// It does not start.
    pub fn restart(&self) {
        self.stop();
        // A process that a killed server was about to start holds its shared memory for a moment longer.
        orderly(self.run().or_else(|_| {
            self.process.end("INT")?;
            self.run()
        }));
    }

    /// Has all of its processes stand still: connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Has it go on after [`Postgres::pause`].
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Keeps a copy of all that it has, for [`Postgres::set_back`]. It is stopped for that moment.
    ///
    /// # Panics
    /// It cannot be copied, or does not start again.
    pub fn keep_copy(&self) {
        self.stop();
        orderly(self.copy("data", "copy"));
        self.restart();
    }

    /// Kills it and starts it with the copy in its place: what came since is lost, as where a standby takes over that lacked the
    /// newest commits.
    ///
    /// # Panics
    /// There is no copy, or it does not start.
    pub fn set_back(&self) {
        self.kill();
        orderly(fs::remove_dir_all(self.process.folder().join("data")).context("what it has cannot be removed"));
        orderly(self.copy("copy", "data"));
        self.restart();
    }

    /// Copies a folder in its own.
    fn copy(&self, from: &str, to: &str) -> anyhow::Result<String> {
        self.process.run(Command::new("cp").args(["-a", from, to]))
    }

    fn attempt(programs: &Path, certificate: Option<&Certificate>, durable: bool) -> anyhow::Result<Self> {
        let process = Process::new("postgres", User::for_server("postgres")?, "QUIT")?;
        let password = random_name()?;
        let password_file = process.folder().join("password");
        fs::write(&password_file, &password)?;
        // The folder is nobody else's; root's file must be readable for the server's user.
        process.give(&password_file)?;
        let mut initdb = Command::new(programs.join("initdb"));
        initdb
            .args([
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--auth=scram-sha-256",
                "--no-sync",
            ])
            .arg(format!("--pwfile={}", password_file.display()))
            .arg(format!("--pgdata={}", process.folder().join("data").display()));
        process.run(&mut initdb)?;
        fs::remove_file(&password_file)?;
        let server = Self {
            process,
            programs: programs.to_owned(),
            port: free()?,
            password,
            durable,
        };
        if let Some(certificate) = certificate {
            server.encrypt(certificate)?;
        }
        server.run()?;
        Ok(server)
    }

    /// Has it speak TLS, and nothing else.
    fn encrypt(&self, certificate: &Certificate) -> anyhow::Result<()> {
        let folder = self.process.folder();
        let files = certificate.write_to(folder)?;
        for file in &files {
            self.process.give(file)?;
        }
        let data = folder.join("data");
        let [certificate, key] = files.map(|file| file.display().to_string());
        let mut settings = File::options().append(true).open(data.join("postgresql.conf"))?;
        writeln!(
            settings,
            "ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'"
        )?;
        let access = "hostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), access).context("the list of who may connect cannot be written")
    }

    fn run(&self) -> anyhow::Result<()> {
        let data = self.process.folder().join("data");
        let mut args = vec!["-D".to_owned(), data.display().to_string()];
        let port = self.port.to_string();
        for (setting, value) in [
            ("port", port.as_str()),
            ("listen_addresses", "127.0.0.1"),
            // None: their paths are short of room in the temporary folders of some systems.
            ("unix_socket_directories", ""),
            ("max_connections", "300"),
            ("shared_buffers", "64MB"),
            ("fsync", if self.durable { "on" } else { "off" }),
            ("synchronous_commit", "on"),
        ] {
            args.extend(["-c".to_owned(), format!("{setting}={value}")]);
        }
        // The server writes it when it starts; an older one says nothing of this start.
        let status = data.join("postmaster.pid");
        if status.exists() {
            // It is left behind by a server that was killed, and would be read as if that one were ready.
            fs::remove_file(&status)?;
        }
        self.process.spawn(&self.programs.join("postgres"), &args)?;
        // Its eighth line is the server's state: `starting`, `stopping`, `ready` or `standby`.
        self.process.wait_until(|| {
            fs::read_to_string(&status)
                .is_ok_and(|text| text.lines().nth(7).is_some_and(|state| state.trim() == "ready"))
        })
    }
}

/// The folder of PostgreSQL's programs: from PATH, else the newest one where Debian's packages put them.
fn programs() -> anyhow::Result<PathBuf> {
    let is_whole = |folder: &PathBuf| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) = std::env::split_paths(&path).find(is_whole) {
        return Ok(found);
    }
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else {
        bail!(MISSING);
    };
    versions
        .filter_map(|version| {
            let version = version.ok()?;
            Some((
                version.file_name().to_str()?.parse::<u32>().ok()?,
                version.path().join("bin"),
            ))
        })
        .filter(|(_, folder)| is_whole(folder))
        .max()
        .map(|(_, folder)| folder)
        .context(MISSING)
}

/// What should have come, or the end of the test.
pub(crate) fn orderly<T>(result: anyhow::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error:#}"),
    }
}
