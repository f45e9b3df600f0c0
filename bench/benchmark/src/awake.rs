//! Keeps processors awake where the system allows it.
//!
//! Each message between two processes wakes a waiting processor. On a virtual machine, waking a sleeping one
//! takes about 0.05 ms. That time is the machine's, not the function's.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};

/// While this file is open, Linux limits the wake-up latency to the microseconds written to it
/// (<https://docs.kernel.org/power/pm_qos_interface.html>).
const TOLERATED: &str = "/dev/cpu_dma_latency";

/// Keeps the processors awake until dropped.
#[derive(Debug)]
pub(crate) struct Awake {
    _file: File,
}

impl Awake {
    /// Allows no wake-up latency.
    ///
    /// # Errors
    /// If this user lacks the permission, which usually only root has, or the kernel lacks the interface.
    pub(crate) fn stay() -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(TOLERATED)?;
        file.write_all(&0_i32.to_ne_bytes())?;
        Ok(Self { _file: file })
    }
}
