use std::fs;
use std::path::{Path, PathBuf};

use crate::health::{Check, Finding};

/// How much memory is used of what there is: of the control group's, where the process is in one with a
/// limit, else of the machine's. A warning at 80 percent, a failure at 95, unless set otherwise.
///
/// Files that the system keeps in memory and would give up count as free. It knows Linux only.
#[derive(Clone, Debug)]
#[must_use]
pub struct MemoryCheck {
    root: PathBuf,
    warn: u64,
    fail: u64,
}

impl Default for MemoryCheck {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            warn: 80,
            fail: 95,
        }
    }
}

impl MemoryCheck {
    /// Sets from how many percent on it warns, and fails.
    pub fn limits(mut self, warn: u64, fail: u64) -> Self {
        (self.warn, self.fail) = (warn, fail);
        self
    }
}

impl Check for MemoryCheck {
    async fn run(&self) -> Finding {
        // These files are the kernel's own, so reading them waits for no disk.
        let used = of_group_v2(&self.root)
            .or_else(|| of_group_v1(&self.root))
            .or_else(|| of_machine(&self.root));
        let Some((used, all)) = used.filter(|(_, all)| *all > 0) else {
            return Finding::unknown("the memory cannot be looked at");
        };
        let percent = used.saturating_mul(100) / all;
        let warn = (self.warn, "the memory is nearly used up");
        Finding::used(percent, warn, (self.fail, "the memory is used up"))
    }
}

fn of_group_v2(root: &Path) -> Option<(u64, u64)> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let top = root.join("sys/fs/cgroup");
    // In a container its own group is the top.
    [top.join(own), top].iter().find_map(|group| {
        let limit = number(&group.join("memory.max"))?;
        let used = number(&group.join("memory.current"))?;
        let cached = field(&group.join("memory.stat"), "inactive_file").unwrap_or(0);
        Some((used.saturating_sub(cached), limit))
    })
}

fn of_group_v1(root: &Path) -> Option<(u64, u64)> {
    /// What stands there for no limit is near the largest number, rounded to a page.
    const NONE: u64 = 1 << 60;
    let group = root.join("sys/fs/cgroup/memory");
    let limit = number(&group.join("memory.limit_in_bytes"))?;
    let used = number(&group.join("memory.usage_in_bytes"))?;
    let cached = field(&group.join("memory.stat"), "total_inactive_file").unwrap_or(0);
    (limit < NONE).then_some((used.saturating_sub(cached), limit))
}

fn of_machine(root: &Path) -> Option<(u64, u64)> {
    let file = root.join("proc/meminfo");
    let (all, free) = (field(&file, "MemTotal:")?, field(&file, "MemAvailable:")?);
    Some((all.saturating_sub(free), all))
}

/// The number that a file consists of; `max` is none.
fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// The number behind a name.
fn field(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let mut found = text.lines().map(str::split_ascii_whitespace);
    found.find_map(|mut words| (words.next() == Some(name)).then(|| words.next()?.parse().ok())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:       1000 kB\nMemFree:         10 kB\nMemAvailable:    300 kB\n",
    );

    async fn check(files: &[(&str, &str)], expected: Option<u64>) {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let memory = MemoryCheck {
            root: root.path().to_owned(),
            ..MemoryCheck::default()
        };
        let percent = memory.run().await.value().map(|(percent, _)| percent);
        assert_eq!(percent, expected, "{files:?}");
    }

    #[tokio::test]
    async fn the_narrowest_limit_counts_and_what_can_be_given_up_does_not() {
        check(&[MACHINE], Some(70)).await;
        let own = ("proc/self/cgroup", "0::/app.slice\n");
        let group = "sys/fs/cgroup/app.slice/";
        let limited = [
            (&*format!("{group}memory.max"), "2000\n"),
            (&*format!("{group}memory.current"), "1500\n"),
            (
                &*format!("{group}memory.stat"),
                "anon 700\ninactive_file 500\n",
            ),
            own,
            MACHINE,
        ];
        check(&limited, Some(50)).await;
        let unlimited = [(&*format!("{group}memory.max"), "max\n"), own, MACHINE];
        check(&unlimited, Some(70)).await;
        let contained = [
            ("sys/fs/cgroup/memory.max", "1000"),
            ("sys/fs/cgroup/memory.current", "990"),
            own,
            MACHINE,
        ];
        check(&contained, Some(99)).await;
        let older = [
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "4000"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000"),
            MACHINE,
        ];
        check(&older, Some(25)).await;
        check(&[], None).await;
    }
}
