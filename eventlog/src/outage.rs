use std::time::Duration;

use tokio::time::Instant;

/// How often it is told that an outage lasts.
const AGAIN: Duration = Duration::from_secs(30);

/// A time in which something cannot be used that is tried again and again, for whoever reads the lines of this process: told
/// when it begins, now and then while it lasts, and when it is over, however often it is tried.
#[derive(Debug)]
pub struct Outage {
    lasts: Option<Lasting>,
}

#[derive(Debug, Clone, Copy)]
struct Lasting {
    since: Instant,
    told: Instant,
}

impl Default for Outage {
    fn default() -> Self {
        Self::new()
    }
}

impl Outage {
    /// None: all is well.
    #[must_use]
    pub const fn new() -> Self {
        Self { lasts: None }
    }

    /// It cannot be used. Says whether that is to be told now.
    pub fn is_news(&mut self) -> bool {
        self.is_news_at(Instant::now())
    }

    /// It can be used. Says for how long it could not, if that was told.
    pub fn over(&mut self) -> Option<Duration> {
        self.over_at(Instant::now())
    }

    fn is_news_at(&mut self, now: Instant) -> bool {
        let since = match self.lasts {
            Some(Lasting { told, .. }) if now.duration_since(told) < AGAIN => return false,
            Some(Lasting { since, .. }) => since,
            None => now,
        };
        self.lasts = Some(Lasting { since, told: now });
        true
    }

    fn over_at(&mut self, now: Instant) -> Option<Duration> {
        let lasted = self.lasts.take()?;
        Some(now.duration_since(lasted.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_when_it_begins_twice_a_minute_and_when_it_is_over() {
        let start = Instant::now();
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let mut outage = Outage::new();
        assert_eq!(outage.over_at(at(0)), None, "all is well");
        let told: Vec<u64> = (0..700).filter(|tenths| outage.is_news_at(at(*tenths))).collect();
        assert_eq!(told, [0, 300, 600]);
        assert_eq!(outage.over_at(at(700)), Some(Duration::from_secs(70)));
        assert_eq!(outage.over_at(at(701)), None, "once");
        assert!(outage.is_news_at(at(702)), "the next one begins");
    }
}
