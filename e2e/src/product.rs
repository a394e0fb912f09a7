use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::Caller;

/// How long the product may take to start on a loaded machine; on an idle one it needs a fraction of a second.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The product as a process of its own, over a data folder that outlives it.
pub struct Product {
    process: Child,
    base: String,
    data: PathBuf,
    environment: Environment,
    printed: Vec<String>,
}

/// Environment variables of a process: where its stores are.
type Environment = Vec<(&'static str, String)>;

impl Product {
    /// Starts `soconnective serve` on a free port, with an exception for the provider at `allow`, and waits until it
    /// says that it is ready.
    ///
    /// # Errors
    /// When the binary is missing, ends early or does not become ready.
    pub fn start(data: &Path, allow: &str) -> Result<Self> {
        Self::start_with(data, allow, Vec::new())
    }

    /// The same, with these environment variables.
    ///
    /// # Errors
    /// When the binary is missing, ends early or does not become ready.
    pub fn start_with(data: &Path, allow: &str, environment: Vec<(&'static str, String)>) -> Result<Self> {
        let mut process = Command::new(binary()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--egress-allow", allow, "--data"])
            .arg(data)
            .envs(environment.clone())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot start the product")?;
        let stdout = process.stdout.take().context("no standard output")?;
        let (base, printed) = address(BufReader::new(stdout))?;
        let product = Self {
            process,
            base,
            data: data.to_owned(),
            environment,
            printed,
        };
        product.wait_until_ready()?;
        Ok(product)
    }

    /// Where it answers, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What it printed for the person who started it, up to the next step that it names.
    #[must_use]
    pub fn printed(&self) -> &[String] {
        &self.printed
    }

    /// The platform admin whose token the first start left in the data folder.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn admin(&self) -> Result<Caller> {
        let token = std::fs::read_to_string(self.data.join("admin-token")).context("no admin token")?;
        Ok(self.caller(token.trim()))
    }

    /// A caller with this token.
    #[must_use]
    pub fn caller(&self, token: &str) -> Caller {
        Caller::new(&self.base, token)
    }

    /// Ends it as a power cut would: SIGKILL, no goodbye.
    ///
    /// # Errors
    /// When the process cannot be killed.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Tells it to end, and waits until it has finished what was under way.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(mut self) -> Result<()> {
        self.signal("TERM")?;
        let ended = self.process.wait()?;
        ensure!(ended.success(), "it ended with {ended}");
        Ok(())
    }

    /// Holds every thread of it where it is, as a machine does that is out of breath.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn pause(&self) -> Result<()> {
        self.signal("STOP")
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn resume(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Sends a signal, by the system's own program.
    fn signal(&self, name: &str) -> Result<()> {
        let sent = Command::new("kill")
            .args(["-s", name, &self.process.id().to_string()])
            .status()?;
        ensure!(sent.success(), "SIG{name} was not sent");
        Ok(())
    }

    /// Runs another command of the product on the same stores, and gives what it printed.
    ///
    /// # Errors
    /// When it ends with another exit code than 0.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut environment = self.environment.clone();
        environment.push(("SOCONNECTIVE_DATA", self.data.display().to_string()));
        Self::command(arguments, &environment)
    }

    /// Runs a command of the product by itself, and gives what it printed.
    ///
    /// # Errors
    /// When it ends with another exit code than 0, with that and all that it printed.
    pub fn command(arguments: &[&str], environment: &[(&str, String)]) -> Result<String> {
        let output = Command::new(binary()?)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .output()?;
        let (printed, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        ensure!(
            output.status.success(),
            "{arguments:?} ended with {}: {printed}{errors}",
            output.status
        );
        Ok(printed)
    }

    fn wait_until_ready(&self) -> Result<()> {
        let started = Instant::now();
        let probe = self.caller("");
        while started.elapsed() < START_LIMIT {
            if probe.get("/readyz").is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            std::thread::yield_now();
        }
        bail!("the product did not become ready within {START_LIMIT:?}")
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        // It may have ended already; either way nothing is left behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads what the product prints for the person who started it, up to the next step that it names, and goes on emptying
/// the pipe.
fn address(mut stdout: impl BufRead + Send + 'static) -> Result<(String, Vec<String>)> {
    let mut printed = Vec::new();
    let mut base = None;
    loop {
        let mut line = String::new();
        ensure!(
            stdout.read_line(&mut line)? > 0,
            "the product ended before it was ready: {printed:?}"
        );
        let found = line
            .split_whitespace()
            .find(|word| word.starts_with("http://127.0.0.1:"));
        if base.is_none() {
            base = found.map(|url| url.trim_end_matches(|c: char| !c.is_ascii_digit()).to_owned());
        }
        // The next step: a call with the first token, or how to make one when that is gone.
        let last = line.contains("curl ") || line.contains("tokens issue");
        printed.push(line);
        if let (Some(base), true) = (&base, last) {
            let base = base.clone();
            std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
            return Ok((base, printed));
        }
    }
}

/// The binary beside this test: `cargo test --workspace` builds both.
fn binary() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test
        .parent()
        .and_then(Path::parent)
        .context("the test is not in a target folder")?;
    let binary = target.join(format!("soconnective{}", std::env::consts::EXE_SUFFIX));
    ensure!(
        binary.exists(),
        "the product is not built: run `cargo build -p api`, or test the whole workspace"
    );
    Ok(binary)
}
