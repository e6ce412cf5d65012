//! How long a token is good for.

use std::time::Duration;

use anyhow::{Context as _, anyhow};

/// A time, or no end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Expiry(pub(super) Option<Duration>);

/// Reads a time such as 30s, 15m, 12h, 7d, or never.
///
/// # Errors
///
/// Says what is wrong with it.
pub(super) fn expiry(text: &str) -> anyhow::Result<Expiry> {
    if text == "never" {
        return Ok(Expiry(None));
    }
    let unit = text.chars().last().context("it is empty")?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(anyhow!("the unit is s, m, h or d")),
    };
    let number: u64 = text[..text.len() - 1].parse().context("a number comes before the unit")?;
    let total = number.checked_mul(seconds).context("it is too long")?;
    Ok(Expiry(Some(Duration::from_secs(total))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        let parsed = |text| expiry(text).ok();
        let seconds = |number| Some(Expiry(Some(Duration::from_secs(number))));

        assert_eq!(parsed("30s"), seconds(30));
        assert_eq!(parsed("15m"), seconds(900));
        assert_eq!(parsed("7d"), seconds(604_800));
        assert_eq!(parsed("never"), Some(Expiry(None)));
        for wrong in ["", "12", "h", "-1h", "1y", "99999999999999999999d", "1\u{e9}"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
