//! Times on the command line.

use std::time::Duration;

use anyhow::{Context as _, bail};

/// Reads a number of seconds, such as 3 or 0.5, up to a year.
///
/// # Errors
///
/// Says what is wanted.
pub(crate) fn seconds(text: &str) -> anyhow::Result<Duration> {
    let wanted = "a number of seconds is wanted, such as 3 or 0.5";
    let number: f64 = text.parse().context(wanted)?;
    let time = Duration::try_from_secs_f64(number).context(wanted)?;
    if time > LONGEST {
        bail!("it is more than a year");
    }
    Ok(time)
}

const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_of_seconds() {
        assert_eq!(seconds("3").ok(), Some(Duration::from_secs(3)));
        assert_eq!(seconds("0.5").ok(), Some(Duration::from_millis(500)));
        for wrong in ["", "-1", "nan", "inf", "1e9", "3s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
