//! Errors, sorted by whose mistake they are, and the public codes they have.

use thiserror::Error;

/// Bytes that cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum DecodeError {
    /// A WebSocket message is too short for its header.
    #[error("a packet of {have} bytes is too short, {need} are needed")]
    Truncated {
        /// Bytes that the header takes.
        need: usize,
        /// Bytes that came.
        have: usize,
    },
    /// A message type is not UTF-8.
    #[error("the message type is not UTF-8")]
    KindNotUtf8,
    /// A message type is longer than the limit.
    #[error("a message type of {have} bytes is over the limit of {limit}")]
    KindTooLong {
        /// The limit.
        limit: usize,
        /// The length that came.
        have: usize,
    },
    /// A message has more packets than the limit.
    #[error("a message of {have} packets is over the limit of {limit}")]
    TooManyPackets {
        /// The limit.
        limit: u32,
        /// The number announced.
        have: u32,
    },
    /// A message body is longer than the limit.
    #[error("a message of more than {limit} bytes is over the limit")]
    MessageTooLong {
        /// The limit.
        limit: usize,
    },
    /// A JSON header is longer than the limit.
    #[error("a message header of {have} bytes is over the limit of {limit}")]
    HeaderTooLong {
        /// The limit.
        limit: usize,
        /// The length that came.
        have: usize,
    },
    /// A packed body ends before its header does.
    #[error("the message header is incomplete")]
    HeaderIncomplete,
    /// A data packet does not follow the packet before it; its message is dropped.
    #[error("packet {have} came where {want} was due")]
    OutOfOrder {
        /// The index that was due.
        want: u32,
        /// The index that came.
        have: u32,
    },
    /// A header is not the JSON it should be.
    #[error("{0}")]
    Json(#[from] crate::json::JsonError),
    /// A field is missing or has the wrong type.
    #[error("{kind}: {detail}")]
    Field {
        /// The message type.
        kind: String,
        /// Which field, and what was wrong.
        detail: String,
    },
    /// A message of the link is of no known kind.
    #[error("a control message of an unknown kind")]
    Control,
    /// An attachment is not base64.
    #[error("the attachment is not valid base64")]
    Base64,
}

/// The other side broke the protocol. Ends the session.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Violation {
    /// A message could not be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It has more messages than were sent, or fewer than it said before.
    #[error("it counts {have} messages of the {sent} that were sent")]
    Count {
        /// What it counts.
        have: u64,
        /// How many there were.
        sent: u64,
    },
    /// It speaks of an epoch that does not go on.
    #[error("there is nothing to go on with")]
    NoEpoch,
}

impl Violation {
    /// The close code that tells the other side what it did.
    ///
    /// From the private range, because browsers may not send the codes below 3000.
    #[must_use]
    pub const fn close_code(&self) -> u16 {
        match self {
            Self::Decode(_) | Self::Count { .. } | Self::NoEpoch => 4001,
        }
    }
}

/// Why a command failed, or why a session ended.
#[derive(Clone, Debug, Eq, PartialEq, Error)]
#[error("{message}")]
pub struct SessionError {
    /// The stable code.
    pub code: ErrorCode,
    /// A sentence with the value that was wrong; lower case, no full stop.
    pub message: String,
}

impl SessionError {
    /// Puts the two together.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, retryable $retry:literal, hint $hint:literal;)*) => {
        /// What went wrong, for programs. A release never rewords one.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* $name,)*
        }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as JavaScript sees it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whether the same call may succeed later.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$name => $retry,)* }
            }

            /// What happened, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*),)* }
            }

            /// What to do about it, in a sentence.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)* }
            }
        }
    };
}

codes! {
    /// An argument is missing, of the wrong type or not JSON.
    InvalidArgument = "invalid-argument", retryable false,
        hint "Check the argument that the message names; messages must be plain JSON objects.";
    /// The room's URL is not a WebSocket URL.
    InvalidUrl = "invalid-url", retryable false,
        hint "Give a ws:, wss:, http: or https: URL, such as wss://example.org/rooms/lobby.";
    /// The token is missing, or the token function failed.
    InvalidToken = "invalid-token", retryable false,
        hint "Give a token as a string, or a function that returns one or a promise of one.";
    /// `connect()` has not been called, or has not finished.
    NotConnected = "not-connected", retryable true,
        hint "Await connect() first.";
    /// The client was closed by the application.
    Closed = "closed", retryable false,
        hint "Make a new RoomClient to connect again.";
    /// The server refused the connection or ended it before the room was ready.
    ConnectionRefused = "connection-refused", retryable true,
        hint "Check that the server is running, and that the token is valid for this room and not expired.";
    /// The connection ended while the room was in use.
    ConnectionLost = "connection-lost", retryable true,
        hint "Connect again. What was not answered may or may not have been delivered.";
    /// The connection was lost before the server answered, and the server could not go on.
    DeliveryUnknown = "delivery-unknown", retryable false,
        hint "Ask the other side whether it came before you send it again.";
    /// Too much waits for the server's answer.
    QueueFull = "queue-full", retryable true,
        hint "Await earlier sends before the next, or raise maxQueuedMessages or maxQueuedBytes.";
    /// The server ended the connection for good.
    Dismissed = "dismissed", retryable false,
        hint "The server asked this client to leave; do not reconnect.";
    /// Nobody answered in time.
    Timeout = "timeout", retryable true,
        hint "Try again, or allow more time.";
    /// An abort signal ended the call.
    Aborted = "aborted", retryable false,
        hint "The signal that was given with the call was aborted.";
    /// The recipient is not in the room or has not enabled messaging.
    ParticipantNotFound = "participant-not-found", retryable true,
        hint "Look the participant up in remoteParticipants; it may have left.";
    /// The token's grants do not allow the call.
    PermissionDenied = "permission-denied", retryable false,
        hint "Ask for a token whose messaging grant allows this.";
    /// The server could not make sense of the request.
    InvalidRequest = "invalid-request", retryable false,
        hint "The server refused the request as invalid; its words are in the message.";
    /// The server failed to do what was asked.
    ServerError = "server-error", retryable true,
        hint "The server's words are in the message.";
    /// A message or attachment is larger than the limit.
    TooLarge = "too-large", retryable false,
        hint "Send large data as a stream: createStream() and writer.bytes().";
    /// Messaging is not enabled.
    NotEnabled = "not-enabled", retryable false,
        hint "Call messaging.enable() first.";
    /// The other side did not accept the stream.
    StreamRejected = "stream-rejected", retryable false,
        hint "The other side's reason is in the message.";
    /// The other side says that it takes no streams of this kind.
    StreamUnsupported = "stream-unsupported", retryable false,
        hint "Its attribute \"streams\" names what it takes: \"v1\" for createStream(), \"duplex\" for stream().";
    /// The stream has ended; nothing can be written to it.
    StreamClosed = "stream-closed", retryable false,
        hint "Open a new stream.";
    /// The other side aborted or cancelled the stream.
    StreamAborted = "stream-aborted", retryable false,
        hint "The other side's reason is in the message. What was received is not complete.";
    /// The other side of the stream left the room.
    PeerLeft = "peer-left", retryable true,
        hint "Wait until the participant is there again and open a new stream.";
    /// The server broke the protocol.
    ProtocolError = "protocol-error", retryable false,
        hint "The server does not speak the protocol of this client; report it with the message.";
    /// The WebAssembly module could not be loaded.
    WasmUnavailable = "wasm-unavailable", retryable false,
        hint "Serve the .wasm file, allow 'wasm-unsafe-eval' in the Content-Security-Policy, or call init() with its address.";
    /// The client itself failed. A defect of this package.
    Internal = "internal", retryable false,
        hint "This is a defect of room-messaging; please report it.";
}
