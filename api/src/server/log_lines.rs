use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that may wait for the terminal or the pipe. Beyond that, whoever logs waits for it: no line is lost.
const MOST: usize = 1024 * 1024;

/// So many bytes are written without waiting for more.
const ENOUGH: usize = 64 * 1024;

/// How long a line waits for others to be written with it.
///
/// Waking the thread that writes costs more than making a line. So it is woken by the first line alone, and then sleeps
/// while others gather: under load that is a hundred times a second, not once for each request.
const GATHERING: Duration = Duration::from_millis(10);

/// Lines on their way to the thread that writes them. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    ended: bool,
}

impl Lines {
    /// Adds a line. After the end it goes nowhere.
    fn push(&self, line: &[u8]) {
        let full = |waiting: &mut Waiting| waiting.bytes.len() >= MOST && !waiting.ended;
        let room = self.0.emptied.wait_while(self.lock(), full);
        let mut waiting = room.unwrap_or_else(PoisonError::into_inner);
        if waiting.ended {
            return;
        }
        let before = waiting.bytes.len();
        waiting.bytes.extend_from_slice(line);
        let after = waiting.bytes.len();
        drop(waiting);
        if before == 0 || (before < ENOUGH && after >= ENOUGH) {
            self.0.filled.notify_one();
        }
    }

    /// What waits is the last that is written.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.0.filled.notify_one();
        self.0.emptied.notify_all();
    }

    /// Writes lines until the end, whatever has gathered at once. What cannot be written is dropped: when standard error
    /// is closed, nobody is left to tell.
    pub(super) fn write_out(&self, mut to: impl Write) {
        let mut gathered = Vec::with_capacity(ENOUGH);
        loop {
            let nothing = |waiting: &mut Waiting| waiting.bytes.is_empty() && !waiting.ended;
            let some = self.0.filled.wait_while(self.lock(), nothing);
            let some = some.unwrap_or_else(PoisonError::into_inner);
            let little = |waiting: &mut Waiting| waiting.bytes.len() < ENOUGH && !waiting.ended;
            let more = self.0.filled.wait_timeout_while(some, GATHERING, little);
            let (mut waiting, _) = more.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut gathered, &mut waiting.bytes);
            let ended = waiting.ended;
            drop(waiting);
            self.0.emptied.notify_all();
            let _ = to.write_all(&gathered);
            gathered.clear();
            if ended {
                return;
            }
        }
    }

    /// Every change is a single step: a panic elsewhere leaves the lines as they were.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn every_line_is_written_whole_and_in_order_although_the_reader_is_slow_to_start() {
        let lines = Lines::default();
        // Several times what may wait.
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let lines = lines.clone();
                thread::spawn(move || {
                    for number in 0..50_000 {
                        lines.push(format!("{writer} {number:020}\n").as_bytes());
                    }
                })
            })
            .collect();
        let reader = lines.clone();
        let reader = thread::spawn(move || {
            let mut written = Vec::new();
            reader.write_out(&mut written);
            String::from_utf8(written).unwrap()
        });
        for writer in writers {
            writer.join().unwrap();
        }
        lines.end();
        let written = reader.join().unwrap();
        let mut next = [0; 4];
        for line in written.lines() {
            let (writer, number) = line.split_once(' ').unwrap();
            let next = &mut next[writer.parse::<usize>().unwrap()];
            assert_eq!(number.parse::<u32>().unwrap(), *next);
            *next += 1;
        }
        assert_eq!(next, [50_000; 4]);
    }

    #[test]
    fn nobody_waits_for_a_log_that_has_ended() {
        let lines = Lines::default();
        lines.end();
        for _ in 0..=MOST / 64 {
            lines.push(&[b'x'; 64]);
        }
        let mut written = Vec::new();
        lines.write_out(&mut written);
        assert_eq!(written, b"");
    }
}
