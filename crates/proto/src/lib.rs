//! The MeshAgent Room messaging protocol, both directions, and the client's end of a session.
//!
//! There is no socket, no clock and no randomness here: bytes and moments go in through
//! [`Session::handle_input`], and what is to be done comes out of [`Session::poll_output`].
//! Start reading at [`Session`]; the wire is [`packet`], [`message`], [`body`] and [`frame`],
//! from the bytes up.

mod base64;
pub mod batch;
pub mod body;
pub mod content;
pub mod error;
pub mod extension;
pub mod frame;
pub mod ids;
pub mod json;
pub mod limits;
pub mod link;
pub mod members;
pub mod message;
pub mod packet;
#[doc(hidden)]
pub mod sabotage;
pub mod session;
pub mod table;
pub mod trace;

pub use batch::Batch;
pub use content::Content;
pub use error::{DecodeError, ErrorCode, SessionError, Violation};
pub use extension::{Extensions, Resume};
pub use frame::{ClientFrame, Delivered, Family, Outgoing, Request, ServerFrame};
pub use ids::{CallKey, MessageId, ParticipantId, RequestId, StreamKey};
pub use json::{JsonStyle, JsonText};
pub use limits::Limits;
pub use link::{Control, Link, SILENT_ACK_MESSAGES};
pub use message::{Assembler, Message};
pub use session::{Config, Event, Input, Output, Session, Timestamp};
pub use table::Table;
pub use trace::Trace;
