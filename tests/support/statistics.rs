//! Medians and percentiles, and a description of the machine.

use std::fs;
use std::time::Duration;

/// The smallest sample that is at least as large as `percent` % of the samples; zero if there are none.
pub fn percentile<T: Copy + Ord + Default>(samples: &[T], percent: usize) -> T {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The middle sample.
pub fn median<T: Copy + Ord + Default>(samples: &[T]) -> T {
    percentile(samples, 50)
}

/// In milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The load average of the last minute.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

/// The machine's processor and number of cores.
pub fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores of {}", model.map_or(std::env::consts::ARCH, |(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_percentile_is_a_sample() {
        let samples: Vec<u64> = (1..=200).rev().collect();
        assert_eq!((median(&samples), percentile(&samples, 99), percentile(&samples, 100)), (100, 198, 200));
        assert_eq!((median(&[7]), percentile(&[7], 99)), (7, 7));
        assert_eq!(median::<u64>(&[]), 0);
    }
}
