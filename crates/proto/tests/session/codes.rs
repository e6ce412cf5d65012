//! The public codes. A release never rewords one.

use room_proto::ErrorCode;

#[test]
fn every_code_has_its_word() {
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();

    assert_eq!(
        codes,
        [
            "invalid-argument",
            "invalid-url",
            "invalid-token",
            "not-connected",
            "closed",
            "connection-refused",
            "connection-lost",
            "delivery-unknown",
            "queue-full",
            "dismissed",
            "timeout",
            "aborted",
            "participant-not-found",
            "permission-denied",
            "invalid-request",
            "server-error",
            "too-large",
            "not-enabled",
            "stream-rejected",
            "stream-unsupported",
            "stream-closed",
            "stream-aborted",
            "peer-left",
            "protocol-error",
            "wasm-unavailable",
            "internal",
        ]
    );
}

#[test]
fn every_code_has_a_hint_that_is_a_sentence() {
    for code in ErrorCode::ALL {
        assert!(code.hint().ends_with('.'), "{}: {}", code.as_str(), code.hint());
    }
}
