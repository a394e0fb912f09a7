use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that may wait for the terminal or the pipe. Beyond that, lines are dropped and counted: nobody ever waits for
/// whoever reads the log, or a reader that stands still would stop the server.
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
    finished: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Lines that were dropped since this was last told.
    lost: u64,
    ended: bool,
    /// Whether all of it is written.
    finished: bool,
}

impl Lines {
    /// Adds a line, if there is room for it. After the end it goes nowhere.
    fn push(&self, line: &[u8]) {
        let mut waiting = self.lock();
        if waiting.ended {
            return;
        }
        let before = waiting.bytes.len();
        if before + line.len() > MOST {
            waiting.lost += 1;
            return;
        }
        waiting.bytes.extend_from_slice(line);
        let after = waiting.bytes.len();
        drop(waiting);
        if before == 0 || (before < ENOUGH && after >= ENOUGH) {
            self.0.filled.notify_one();
        }
    }

    /// What waits is the last that is written. Waits until it is, but no longer than `limit`: whoever reads the log may
    /// stand still.
    pub(super) fn end(&self, limit: Duration) {
        let mut waiting = self.lock();
        waiting.ended = true;
        self.0.filled.notify_one();
        let unfinished = |waiting: &mut Waiting| !waiting.finished;
        let _ = self.0.finished.wait_timeout_while(waiting, limit, unfinished);
    }

    /// Writes lines until the end, whatever has gathered at once. What cannot be written is dropped: when standard error
    /// is closed, nobody is left to tell. `tell` logs how many lines were dropped for want of room, as soon as there is
    /// some again.
    pub(super) fn write_out(&self, mut to: impl Write, tell: impl Fn(u64)) {
        let mut gathered = Vec::with_capacity(ENOUGH);
        loop {
            let nothing = |waiting: &mut Waiting| waiting.bytes.is_empty() && !waiting.ended;
            let some = self.0.filled.wait_while(self.lock(), nothing);
            let some = some.unwrap_or_else(PoisonError::into_inner);
            let little = |waiting: &mut Waiting| waiting.bytes.len() < ENOUGH && !waiting.ended;
            let more = self.0.filled.wait_timeout_while(some, GATHERING, little);
            let (mut waiting, _) = more.unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut gathered, &mut waiting.bytes);
            let lost = std::mem::take(&mut waiting.lost);
            let ended = waiting.ended;
            drop(waiting);
            let _ = to.write_all(&gathered);
            gathered.clear();
            if ended {
                self.lock().finished = true;
                self.0.finished.notify_all();
                return;
            }
            if lost > 0 {
                tell(lost);
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
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn every_line_is_written_whole_and_in_order() {
        let lines = Lines::default();
        let reader = lines.clone();
        let reader = thread::spawn(move || {
            let mut written = Vec::new();
            reader.write_out(&mut written, |_| {});
            String::from_utf8(written).unwrap()
        });
        // As many as may wait, so that it does not matter how fast they are read.
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let lines = lines.clone();
                thread::spawn(move || {
                    for number in 0..10_000 {
                        lines.push(format!("{writer} {number:020}\n").as_bytes());
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        lines.end(PATIENCE);
        let written = reader.join().unwrap();
        let mut next = [0; 4];
        for line in written.lines() {
            let (writer, number) = line.split_once(' ').unwrap();
            let next = &mut next[writer.parse::<usize>().unwrap()];
            assert_eq!(number.parse::<u32>().unwrap(), *next);
            *next += 1;
        }
        assert_eq!(next, [10_000; 4]);
    }

    /// A reader that stands still until it is told to go on.
    struct Stuck {
        stands: mpsc::Sender<()>,
        go: mpsc::Receiver<()>,
        read: Vec<u8>,
    }

    impl Write for &mut Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.stands.send(());
            let _ = self.go.recv();
            self.read.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_stands_still_and_what_was_lost_is_told() {
        let lines = Lines::default();
        let (stands, is_standing) = mpsc::channel();
        let (go, goes) = mpsc::channel();
        let (reader, telling) = (lines.clone(), lines.clone());
        let reader = thread::spawn(move || {
            let mut stuck = Stuck {
                stands,
                go: goes,
                read: Vec::new(),
            };
            reader.write_out(&mut stuck, |lost| telling.push(format!("{lost} lost\n").as_bytes()));
            String::from_utf8(stuck.read).unwrap()
        });
        lines.push(b"first\n");
        is_standing.recv_timeout(PATIENCE).unwrap();
        let line = [b'x'; 1024];
        for _ in 0..MOST / line.len() + 7 {
            lines.push(&line);
        }
        // The end does not wait for it either.
        let ending = lines.clone();
        go.send(()).unwrap();
        is_standing.recv_timeout(PATIENCE).unwrap();
        go.send(()).unwrap();
        is_standing.recv_timeout(PATIENCE).unwrap();
        ending.end(Duration::from_millis(10));
        drop(go);
        let read = reader.join().unwrap();
        assert!(
            read.starts_with("first\nxxx") && read.ends_with("7 lost\n"),
            "{}",
            &read[read.len() - 40..]
        );
        assert_eq!(read.len(), 6 + MOST + 7);
    }

    #[test]
    fn what_comes_after_the_end_goes_nowhere() {
        let lines = Lines::default();
        lines.end(Duration::ZERO);
        lines.push(b"late");
        let mut written = Vec::new();
        lines.write_out(&mut written, |_| {});
        assert_eq!(written, b"");
    }
}
