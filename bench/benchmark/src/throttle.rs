//! A CPU quota by cgroup, version 1 or 2, like Lambda's for a function below 1,769 MB.
//!
//! Lambda's quota has periods of 20 ms, of which a function of 128 MB gets 1.4 ms
//! (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html> says that CPU is proportional to
//! memory, and that 1,769 MB are one core).

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// The period of a quota.
pub(crate) const PERIOD: Duration = Duration::from_millis(20);

/// Where groups can be created, by cgroup version.
#[derive(Debug, Clone)]
enum Hierarchy {
    /// `cpu.cfs_quota_us`
    V1(PathBuf),
    /// `cpu.max`
    V2(PathBuf),
}

/// A CPU limit for processes.
#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    hierarchy: Hierarchy,
    /// The group that this process is in.
    home: PathBuf,
    percent: u8,
}

/// A group with the limit. Dropping it removes it, once its processes have ended.
#[derive(Debug)]
pub(crate) struct Group(PathBuf);

impl Hierarchy {
    /// The group in a line of /proc/self/cgroup, `ID:CONTROLLERS:PATH`, if it is in this hierarchy.
    fn home(&self, membership: &str) -> Option<PathBuf> {
        let (_, membership) = membership.split_once(':')?;
        let (controllers, path) = membership.split_once(':')?;
        let (root, is_here) = match self {
            Self::V1(root) => (root, controllers.split(',').any(|controller| controller == "cpu")),
            Self::V2(root) => (root, controllers.is_empty()),
        };
        is_here.then(|| root.join(path.trim_start_matches('/')))
    }
}

impl Throttle {
    /// Finds out how processes can be limited to `percent` of a core here.
    ///
    /// # Errors
    /// If no group can be created. Figures without the limit would be wrong.
    pub(crate) fn new(percent: u8) -> Result<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").context("read /proc/self/mounts")?;
        let memberships = fs::read_to_string("/proc/self/cgroup").context("read /proc/self/cgroup")?;
        let mut reasons = Vec::new();
        for hierarchy in mounts.lines().filter_map(hierarchy) {
            let Some(home) = memberships.lines().find_map(|line| hierarchy.home(line)) else { continue };
            let throttle = Self { hierarchy, home, percent };
            match throttle.group() {
                Ok(_) => return Ok(throttle),
                Err(reason) => reasons.push(format!("{reason:#}")),
            }
        }
        if reasons.is_empty() {
            bail!("no cgroup hierarchy with a cpu controller is mounted");
        }
        bail!("{}", reasons.join("; "))
    }

    /// Creates a group whose processes start with a whole period's quota. For some milliseconds, a process
    /// can be moved into it without waiting.
    ///
    /// Linux moves a process only after waiting about 10 ms for all processors to settle. Meanwhile the
    /// process would stand still and its caches would go cold, which does not happen in Lambda. Of several
    /// moves in a row, only the first waits. So this method first moves the benchmark's own process, to the
    /// group that it is already in.
    pub(crate) fn group(&self) -> Result<Group> {
        let group = self.make()?;
        admit(&self.home, process::id())?;
        Ok(group)
    }

    fn make(&self) -> Result<Group> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("benchmark-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let period = PERIOD.as_micros();
        let quota = period * u128::from(self.percent) / 100;
        match &self.hierarchy {
            Hierarchy::V1(root) => {
                let group = Group::make(root.join(name))?;
                write(&group.0.join("cpu.cfs_period_us"), &period.to_string())?;
                write(&group.0.join("cpu.cfs_quota_us"), &quota.to_string())?;
                Ok(group)
            }
            Hierarchy::V2(root) => {
                // Children have the controller if their parent delegates it, which is often the case already.
                // If it is not, and cannot be changed, writing the limit below fails.
                let _ = write(&root.join("cgroup.subtree_control"), "+cpu");
                let group = Group::make(root.join(name))?;
                write(&group.0.join("cpu.max"), &format!("{quota} {period}"))?;
                Ok(group)
            }
        }
    }
}

impl Group {
    fn make(path: PathBuf) -> Result<Self> {
        fs::create_dir(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self(path))
    }

    /// Puts a process and all its threads under the limit.
    pub(crate) fn admit(&self, process: u32) -> Result<()> {
        admit(&self.0, process)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Killed processes take a moment to leave it.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The limit for `percent`; `None` for 100, which is no limit. Reports on stderr if no limit can be set.
pub(crate) fn throttle(percent: u8) -> Result<Option<Throttle>> {
    if percent == 100 {
        return Ok(None);
    }
    let throttle = Throttle::new(percent);
    if let Err(reason) = &throttle {
        eprintln!("skipping {percent} % of a core: cannot set a CPU quota; try as root ({reason:#})");
    }
    throttle.map(Some)
}

/// The hierarchy in a line of /proc/self/mounts, if it has a cpu controller.
fn hierarchy(mount: &str) -> Option<Hierarchy> {
    let mut fields = mount.split(' ').skip(1);
    let (path, kind, options) = (PathBuf::from(fields.next()?), fields.next()?, fields.next()?);
    match kind {
        "cgroup" if options.split(',').any(|option| option == "cpu") => Some(Hierarchy::V1(path)),
        "cgroup2" => {
            let controllers = fs::read_to_string(path.join("cgroup.controllers")).ok()?;
            controllers.split_whitespace().any(|name| name == "cpu").then_some(Hierarchy::V2(path))
        }
        _ => None,
    }
}

fn admit(group: &Path, process: u32) -> Result<()> {
    write(&group.join("cgroup.procs"), &process.to_string())
}

fn write(path: &Path, value: &str) -> Result<()> {
    fs::write(path, value).with_context(|| format!("write {value} to {}", path.display()))
}
