//! How long messages were on their way.

use std::time::Duration;

/// Percentiles of many times.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Latency {
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
    pub(crate) longest: Duration,
}

impl Latency {
    /// None of nothing.
    pub(crate) fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let longest = times.last().copied()?;
        // The smallest time that so many in a hundred do not exceed.
        let percentile = |hundredths: usize| {
            let rank = (times.len() * hundredths).div_ceil(100);
            times.get(rank.saturating_sub(1)).copied()
        };
        Some(Self { median: percentile(50)?, p99: percentile(99)?, longest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let ms = Duration::from_millis;
        let latency = |times: &[u64]| Latency::of(times.iter().copied().map(ms).collect());
        let expected = |median, p99, longest| Latency {
            median: ms(median),
            p99: ms(p99),
            longest: ms(longest),
        };

        assert_eq!(latency(&[]), None);
        assert_eq!(latency(&[7]), Some(expected(7, 7, 7)));
        assert_eq!(latency(&[3, 1, 2]), Some(expected(2, 3, 3)));
        let hundreds: Vec<_> = (1..=200).rev().collect();
        assert_eq!(latency(&hundreds), Some(expected(100, 198, 200)));
    }
}
