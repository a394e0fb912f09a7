use std::cell::RefCell;
use std::fmt::{self, Debug, Write};

use chrono::{DateTime, SecondsFormat};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::SystemClock;
use crate::request_log;
use commands::Clock;

/// Lines of the log for people, in the form of tracing's own formatter.
///
/// The line of a request is put together here, letter by letter as that one would: through its general machinery it costs
/// an eighth of a cheap request. All other lines are left to it.
pub(super) struct TextLine(Format);

impl TextLine {
    pub(super) fn new() -> Self {
        Self(Format::default().with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let about = event.metadata();
        if about.target() != request_log::TARGET {
            return self.0.format_event(ctx, to, event);
        }
        write_time(&mut to, SystemClock.now().timestamp_micros())?;
        to.write_str("  INFO ")?;
        to.write_str(request_log::TARGET)?;
        to.write_char(':')?;
        let mut fields = Fields {
            to: &mut to,
            written: Ok(()),
        };
        event.record(&mut fields);
        fields.written?;
        to.write_char('\n')
    }
}

thread_local! {
    /// The second that was written last, and its text.
    static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
}

/// Writes a time since 1970 as RFC 3339 has it, to the microsecond. Its date is worked out once a second.
fn write_time(to: &mut impl Write, micros: i64) -> fmt::Result {
    let second = micros.div_euclid(1_000_000);
    SECOND.with_borrow_mut(|(known, text)| {
        if *known != second {
            let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
            *text = time.to_rfc3339_opts(SecondsFormat::Secs, true);
            text.truncate(text.len() - 1);
            *known = second;
        }
        to.write_str(text)
    })?;
    let mut digits = *b".000000Z";
    let mut rest = micros.rem_euclid(1_000_000);
    for digit in digits[1..7].iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    to.write_str(std::str::from_utf8(&digits).unwrap_or_default())
}

/// Writes the fields of a line, each after a space.
struct Fields<'a, W> {
    to: &'a mut W,
    written: fmt::Result,
}

impl<W: Write> Fields<'_, W> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut W) -> fmt::Result) {
        if self.written.is_ok() {
            let name = self.to.write_char(' ').and_then(|()| self.to.write_str(field.name()));
            let equals = name.and_then(|()| self.to.write_char('='));
            self.written = equals.and_then(|()| value(self.to));
        }
    }
}

impl<W: Write> Visit for Fields<'_, W> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |to| to.write_str(decimal(value, &mut [0; 20])));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let escaped = |byte: u8| !(b' '..=b'~').contains(&byte) || byte == b'"' || byte == b'\\';
        self.write(field, |to| {
            // Every byte is looked at, without leaving early: so the compiler looks at many at once.
            if value.bytes().fold(false, |any, byte| any | escaped(byte)) {
                return write!(to, "{value:?}");
            }
            to.write_char('"')?;
            to.write_str(value)?;
            to.write_char('"')
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |to| write!(to, "{value:?}"));
    }
}

/// A number in decimal digits.
fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[start..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;
    use tracing_subscriber::fmt::time::FormatTime;

    use super::*;

    /// A line without its time, which is different each time.
    fn lines(event_format: impl FnOnce(Written) -> Box<dyn Subscriber + Send + Sync>) -> Vec<String> {
        let written = Written::default();
        with_default(event_format(written.clone()), || {
            for (route, micros) in [("/v1/catalog", 0_u64), ("/v1/\"quoted\"\n\\ü", u64::MAX)] {
                tracing::info!(target: request_log::TARGET, method = "GET", route, status = 200_u16, micros, correlation = "c");
            }
            tracing::info!(rows = 6, "seeded the catalog");
        });
        let bytes = written.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| line[27..].to_owned()).collect()
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_as_the_general_formatter_writes_it() {
        let own = lines(|to| {
            let lines = tracing_subscriber::fmt().event_format(TextLine::new());
            Box::new(lines.with_writer(move || to.clone()).finish())
        });
        let general = lines(|to| {
            let lines = tracing_subscriber::fmt().with_ansi(false);
            Box::new(lines.with_writer(move || to.clone()).finish())
        });
        assert_eq!(own.len(), 3);
        assert_eq!(own, general);
        assert!(own[0].ends_with(
            " INFO soconnective::request: method=\"GET\" route=\"/v1/catalog\" status=200 micros=0 correlation=\"c\""
        ));
    }

    #[test]
    fn a_time_is_as_long_as_that_of_the_general_formatter() {
        let mut general = String::new();
        tracing_subscriber::fmt::time::SystemTime
            .format_time(&mut Writer::new(&mut general))
            .unwrap();
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_772_366_400_000_123, "2026-03-01T12:00:00.000123Z"),
            (1_772_366_400_999_999, "2026-03-01T12:00:00.999999Z"),
            (1_772_366_401_500_000, "2026-03-01T12:00:01.500000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            let mut own = String::new();
            write_time(&mut own, micros).unwrap();
            assert_eq!(own, expected);
            assert_eq!(own.len(), general.len());
        }
    }
}
