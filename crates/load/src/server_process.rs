//! What the server's process takes, as Linux tells it.

use std::{fs, time::Duration};

use anyhow::Context as _;

/// A process of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerProcess {
    pid: u32,
}

impl ServerProcess {
    pub(crate) fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// The memory it has now, in bytes.
    pub(crate) fn memory(self) -> anyhow::Result<u64> {
        let text = self.read("status")?;
        resident_bytes(&text).with_context(|| format!("no VmRSS of process {}", self.pid))
    }

    /// The time that processors have worked for it.
    pub(crate) fn processor_time(self) -> anyhow::Result<Duration> {
        let text = self.read("stat")?;
        processor_time(&text).with_context(|| format!("no times of process {}", self.pid))
    }

    fn read(self, name: &str) -> anyhow::Result<String> {
        let file = format!("/proc/{}/{name}", self.pid);
        fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))
    }
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// See proc_pid_stat(5): utime and stime, the 14th and 15th field. The second is the name, which may
/// contain anything and ends with the last parenthesis.
fn processor_time(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(TICK * u32::try_from(user + system).ok()?)
}

/// What Linux tells programs on every architecture, whatever the kernel has.
const TICK: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(resident_bytes("VmHWM:\t   9 kB\nVmRSS:\t    7248 kB\n"), Some(7248 * 1024));
        assert_eq!(resident_bytes("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn times_stand_after_the_name_whatever_it_is() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1204 0 0 0 150 25 0 0 20 0 3 0 8123\n";
        assert_eq!(processor_time(stat), Some(Duration::from_millis(1750)));
        assert_eq!(processor_time("42 (a) S"), None);
    }
}
