use std::fmt::Display;

use anyhow::{Context, Result};

/// The processor time that a process has used so far, in seconds: `utime` and `stime` of `/proc/[pid]/stat` (proc(5)), which
/// Linux gives to programs in hundredths of a second. `process` is its number, or `self`.
pub(crate) fn processor_time(process: impl Display) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in brackets, and may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let mut ticks = fields.split_whitespace().skip(11);
    let mut next = || -> Result<f64> { Ok(ticks.next().context("no times in stat")?.parse()?) };
    Ok((next()? + next()?) / 100.0)
}
