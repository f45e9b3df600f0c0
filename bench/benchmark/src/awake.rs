//! Processors that do not sleep, where that can be had.
//!
//! Each message between two processes wakes a processor that waits for one, and on a virtual machine one
//! that sleeps takes some 0.05 ms to wake. That is the machine's time, not the function's.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};

/// Says to Linux what latency is tolerated for as long as it is open, in microseconds
/// (<https://docs.kernel.org/power/pm_qos_interface.html>).
const TOLERATED: &str = "/dev/cpu_dma_latency";

/// Until it is dropped, they stay awake.
#[derive(Debug)]
pub(crate) struct Awake {
    _file: File,
}

impl Awake {
    /// Tolerates none.
    ///
    /// # Errors
    /// When that is for another user to say, mostly root, or this kernel does not ask.
    pub(crate) fn stay() -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(TOLERATED)?;
        file.write_all(&0_i32.to_ne_bytes())?;
        Ok(Self { _file: file })
    }
}
