//! What `room serve` allows.

use std::time::Duration;

use clap::{Args, builder::RangedI64ValueParser, value_parser};
use room_server::ServerConfig;

/// `docs/server.md` says what happens beyond each.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// The largest message with its attachment, in MiB (1 to 1024)
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = within(1, 1024))]
    max_message: u32,

    /// The largest attributes of one member as JSON, in KiB (1 to 16384)
    #[arg(long, value_name = "KIB", default_value_t = 64, value_parser = within(1, 16_384))]
    max_attributes: u32,

    /// How many members one room may have (1 to 100000)
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = within(1, 100_000))]
    max_members: u32,

    /// How many rooms there may be at a time (1 to 1000000)
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 10_000,
        value_parser = within(1, 1_000_000)
    )]
    max_rooms: u32,

    /// How many messages one member may send in a second; 0 is no limit (0 to 1000000)
    ///
    /// After a pause twice as many may come at once. Chunks of streams are not refused: beyond
    /// eight times as many in a second they are slowed down.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = within(0, 1_000_000))]
    max_messages_per_second: u32,

    /// How much may wait for a slow member before it is disconnected, in MiB (1 to 1024)
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = within(1, 1024))]
    max_queue: u32,

    /// How long a member of ours whose connection was lost is waited for, in seconds (0 to 3600)
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = within(0, 3600))]
    resume_grace: u32,

    /// How much that was sent to such a member is kept for it, in MiB (1 to 1024)
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = within(1, 1024))]
    max_kept: u32,

    /// How long a connection may take until its request is whole, in seconds (1 to 600)
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = within(1, 600))]
    handshake_time: u32,

    /// How long members may take to go elsewhere after SIGTERM or Ctrl-C, in seconds (0 to 3600)
    ///
    /// A second signal ends the server at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = within(0, 3600))]
    drain_time: u32,

    /// After how much silence a member is disconnected, in seconds; pinged halfway (2 to 3600)
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = within(2, 3600))]
    idle_time: u32,
}

/// The range of a flag, and of the key in a file.
pub(super) fn within(least: i64, most: i64) -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(least..=most)
}

impl Limits {
    /// Puts them where the server looks for them.
    pub(crate) fn apply(&self, config: &mut ServerConfig) {
        config.limits.max_message_bytes = mebibytes(self.max_message);
        config.limits.max_header_bytes = mebibytes(self.max_message);
        config.room_limits.max_attribute_bytes = self.max_attributes as usize * 1024;
        config.room_limits.max_members = self.max_members as usize;
        config.max_rooms = self.max_rooms as usize;
        config.max_messages_per_second = self.max_messages_per_second;
        config.max_queued_bytes = mebibytes(self.max_queue);
        config.resume_grace = Duration::from_secs(self.resume_grace.into());
        config.max_kept_bytes = mebibytes(self.max_kept);
        config.handshake_time = Duration::from_secs(self.handshake_time.into());
        config.drain_time = Duration::from_secs(self.drain_time.into());
        config.heartbeat = Duration::from_secs(self.idle_time.into()) / 2;
    }
}

fn mebibytes(count: u32) -> usize {
    count as usize * 1024 * 1024
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use room_server::Keys;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: Limits,
    }

    fn config(flags: &str) -> ServerConfig {
        let line = std::iter::once("serve").chain(flags.split_whitespace());
        let mut config = ServerConfig::new(Keys::default());
        Line::try_parse_from(line).expect("flags").limits.apply(&mut config);
        config
    }

    #[test]
    fn every_flag_sets_its_limit_in_its_unit() {
        let config = config(
            "--max-message 1 --max-attributes 2 --max-members 3 --max-rooms 4 \
             --max-messages-per-second 5 --max-queue 6 --handshake-time 7 --idle-time 8 \
             --resume-grace 9 --max-kept 10 --drain-time 11",
        );

        assert_eq!(config.limits.max_message_bytes, 1024 * 1024);
        assert_eq!(config.limits.max_header_bytes, 1024 * 1024);
        assert_eq!(config.room_limits.max_attribute_bytes, 2 * 1024);
        assert_eq!(config.room_limits.max_members, 3);
        assert_eq!(config.max_rooms, 4);
        assert_eq!(config.max_messages_per_second, 5);
        assert_eq!(config.max_queued_bytes, 6 * 1024 * 1024);
        assert_eq!(config.handshake_time, Duration::from_secs(7));
        assert_eq!(config.heartbeat * 2, Duration::from_secs(8));
        assert_eq!(config.resume_grace, Duration::from_secs(9));
        assert_eq!(config.max_kept_bytes, 10 * 1024 * 1024);
        assert_eq!(config.drain_time, Duration::from_secs(11));
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let (flags, library) = (config(""), ServerConfig::new(Keys::default()));

        assert_eq!(flags.limits, library.limits);
        assert_eq!(flags.room_limits, library.room_limits);
        assert_eq!(flags.max_rooms, library.max_rooms);
        assert_eq!(flags.max_messages_per_second, library.max_messages_per_second);
        assert_eq!(flags.max_queued_bytes, library.max_queued_bytes);
        assert_eq!(flags.handshake_time, library.handshake_time);
        assert_eq!(flags.heartbeat, library.heartbeat);
        assert_eq!(flags.resume_grace, library.resume_grace);
        assert_eq!(flags.max_kept_bytes, library.max_kept_bytes);
        assert_eq!(flags.drain_time, library.drain_time);
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        for (flag, values) in [
            ("--max-message", ["0", "1025"]),
            ("--max-attributes", ["0", "16385"]),
            ("--max-members", ["0", "100001"]),
            ("--max-rooms", ["0", "1000001"]),
            ("--max-messages-per-second", ["-1", "1000001"]),
            ("--max-queue", ["0", "1025"]),
            ("--handshake-time", ["0", "601"]),
            ("--idle-time", ["1", "3601"]),
            ("--resume-grace", ["-1", "3601"]),
            ("--max-kept", ["0", "1025"]),
            ("--drain-time", ["-1", "3601"]),
        ] {
            for value in values {
                let line = ["serve", &format!("{flag}={value}")].map(String::from);
                assert!(Line::try_parse_from(line).is_err(), "{flag} {value}");
            }
        }
    }
}
