//! Medians and percentiles.

use std::time::Duration;

/// The value that `percent` of the samples do not exceed; zero of none.
pub(crate) fn percentile<T: Copy + Ord + Default>(samples: &[T], percent: usize) -> T {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The middle value.
pub(crate) fn median<T: Copy + Ord + Default>(samples: &[T]) -> T {
    percentile(samples, 50)
}

/// In milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let samples: Vec<u64> = (1..=200).rev().collect();
        assert_eq!((median(&samples), percentile(&samples, 99), percentile(&samples, 100)), (100, 198, 200));
        assert_eq!((median(&[7]), percentile(&[7], 99)), (7, 7));
        assert_eq!(median::<u64>(&[]), 0);
    }
}
