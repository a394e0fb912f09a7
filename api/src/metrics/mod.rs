//! What the operator's Prometheus reads at `/metrics`.

mod counting_log;
mod writing;

use std::time::Duration;

use prometheus::{
    Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder, exponential_buckets,
};

pub use counting_log::CountingLog;

use self::writing::Writing;

/// The counters of one running system.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    events: IntCounterVec,
    tests: IntCounterVec,
    lag: GaugeVec,
    /// Whether the log can be written.
    pub(crate) writing: Writing,
}

impl Metrics {
    /// Counters at zero.
    ///
    /// # Errors
    /// When two counters have one name: a defect of this module.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let requests = counter(
            "soconnective_requests_total",
            "Requests that were answered.",
            &["method", "route", "status"],
        )?;
        let events = counter(
            "soconnective_events_appended_total",
            "Events that were appended to the log.",
            &["type"],
        )?;
        let tests = counter(
            "soconnective_credential_tests_total",
            "Tests of credentials, by their verdict.",
            &["verdict"],
        )?;
        // From 50 µs to 13 s in steps of two.
        let buckets = exponential_buckets(0.000_05, 2.0, 19)?;
        let options =
            HistogramOpts::new("soconnective_request_duration_seconds", "How long requests took.").buckets(buckets);
        let durations = HistogramVec::new(options, &["method", "route"])?;
        registry.register(Box::new(durations.clone()))?;
        let options = Opts::new(
            "soconnective_projection_lag_seconds",
            "How far a read model is behind the log.",
        );
        let lag = GaugeVec::new(options, &["projection"])?;
        registry.register(Box::new(lag.clone()))?;
        Ok(Self {
            registry,
            requests,
            durations,
            events,
            tests,
            lag,
            writing: Writing::default(),
        })
    }

    /// Counts a request.
    pub fn request(&self, method: &str, route: &str, status: u16, elapsed: Duration) {
        let mut digits = [b'0'; 3];
        let status = status_text(status, &mut digits);
        self.requests.with_label_values(&[method, route, status]).inc();
        self.durations
            .with_label_values(&[method, route])
            .observe(elapsed.as_secs_f64());
    }

    /// Counts an appended event.
    pub(crate) fn event(&self, kind: &str) {
        self.events.with_label_values(&[kind]).inc();
    }

    /// Counts a test of a credential.
    pub(crate) fn test(&self, verdict: &str) {
        self.tests.with_label_values(&[verdict]).inc();
    }

    /// Notes how far a read model is behind the log.
    pub fn lag(&self, projection: &str, seconds: f64) {
        self.lag.with_label_values(&[projection]).set(seconds);
    }

    /// All of it in the Prometheus text format.
    ///
    /// # Errors
    /// When the counters cannot be written out: a defect.
    pub fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// A status as three digits, without an allocation: this runs for every request.
fn status_text(status: u16, digits: &mut [u8; 3]) -> &str {
    for (place, divisor) in digits.iter_mut().zip([100, 10, 1]) {
        *place += u8::try_from(status / divisor % 10).unwrap_or(0);
    }
    std::str::from_utf8(digits).unwrap_or("000")
}
