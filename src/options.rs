//! The options of a session, which `js/options.ts` has checked.

use std::time::Duration;

use room_proto::Config;

/// Takes the numbers in the order of `js/options.ts`: three times in milliseconds, then sizes. What
/// is 0 keeps its default.
pub(crate) fn read(numbers: &[f64], reconnect: bool) -> Config {
    let mut config = Config { reconnect, ..Config::default() };
    let times = [
        &mut config.handshake_timeout,
        &mut config.request_timeout,
        &mut config.stream_open_timeout,
    ];
    for (field, &milliseconds) in times.into_iter().zip(numbers) {
        if milliseconds > 0.0 {
            *field = Duration::from_micros((milliseconds * 1000.0) as u64);
        }
    }
    let sizes = [
        &mut config.stream_window_bytes,
        &mut config.limits.max_message_bytes,
        &mut config.max_queued_bytes,
        &mut config.max_queued_messages,
        &mut config.packet_bytes,
    ];
    for (field, &size) in sizes.into_iter().zip(numbers.iter().skip(TIMES)) {
        if size > 0.0 {
            *field = size as usize;
        }
    }
    config
}

/// How many of the numbers are times.
const TIMES: usize = 3;
