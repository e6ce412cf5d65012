//! What a node says to the owner of a room when it opens a line, and the answer. As JSON: it is
//! said once for each connection.

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use room::{Grants, Traits};
use room_cluster::{LineId, NodeId, Owner};
use room_proto::body::BodyForm;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    client::Client,
    entrance::{Comeback, Entrant},
    metrics::Incident,
    refusal::Refusal,
    room_name::RoomName,
};

/// Somebody wants to come in.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Opening {
    version: u32,
    line: String,
    from: String,
    /// The number of the connection over which the line will go.
    connection: u64,
    to: String,
    room: String,
    name: String,
    role: String,
    grants: [bool; 4],
    padded: bool,
    duplex: bool,
    merges_lists: bool,
    ours: bool,
    browser: bool,
    expires_at_ms: Option<u64>,
    address: IpAddr,
    room_url: String,
    can_come_back: bool,
    epoch: Option<String>,
    received: u64,
    /// A node of the version before does not say it; its client asks once more.
    enable: Option<String>,
}

/// An opening that can be understood.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) line: LineId,
    pub(crate) from: NodeId,
    pub(crate) connection: u64,
    pub(crate) to: Owner,
    pub(crate) entrant: Entrant,
}

/// What another node says makes no sense.
#[derive(Debug, Error)]
pub(crate) enum OpeningError {
    /// It is not JSON with these fields.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error("version {0} is not known")]
    Version(u32),
    /// A field has no sense.
    #[error("the field {0} cannot be read")]
    Field(&'static str),
}

const VERSION: u32 = 1;

impl Opening {
    /// Writes it down.
    pub(crate) fn encode(
        line: LineId,
        from: NodeId,
        connection: u64,
        to: Owner,
        entrant: &Entrant,
    ) -> Bytes {
        let Entrant { room, name, role, grants, client, expires_at, .. } = entrant;
        let Entrant { address, room_url, can_come_back, comeback, enable, .. } = entrant;
        let traits = client.traits;
        let opening = Self {
            version: VERSION,
            line: line.to_string(),
            from: from.to_string(),
            connection,
            to: to.to_string(),
            room: room.as_str().to_owned(),
            name: name.clone(),
            role: role.clone(),
            grants: [grants.messaging, grants.send, grants.broadcast, grants.list],
            padded: client.handshake == BodyForm::Padded,
            duplex: traits.duplex,
            merges_lists: traits.merges_lists,
            ours: traits.ours,
            browser: client.browser,
            expires_at_ms: expires_at.and_then(|at| u64::try_from(at.as_millis()).ok()),
            address: *address,
            room_url: room_url.clone(),
            can_come_back: *can_come_back,
            epoch: comeback.as_ref().map(|comeback| comeback.epoch.clone()),
            received: comeback.as_ref().map_or(0, |comeback| comeback.received),
            enable: enable.clone(),
        };
        encode(&opening)
    }

    /// Reads it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Opened, OpeningError> {
        let opening: Self = serde_json::from_slice(bytes)?;
        if opening.version != VERSION {
            return Err(OpeningError::Version(opening.version));
        }
        let [messaging, send, broadcast, list] = opening.grants;
        let handshake = if opening.padded { BodyForm::Padded } else { BodyForm::Packed };
        let Self { duplex, merges_lists, ours, browser, received, .. } = opening;
        let entrant = Entrant {
            room: RoomName::new(&opening.room).map_err(|_| OpeningError::Field("room"))?,
            name: opening.name,
            role: opening.role,
            grants: Grants { messaging, send, broadcast, list },
            client: Client { handshake, traits: Traits { duplex, merges_lists, ours }, browser },
            expires_at: opening.expires_at_ms.map(Duration::from_millis),
            address: opening.address,
            room_url: opening.room_url,
            can_come_back: opening.can_come_back,
            comeback: opening.epoch.map(|epoch| Comeback { epoch, received }),
            enable: opening.enable,
        };
        Ok(Opened {
            line: opening.line.parse().map_err(|_| OpeningError::Field("line"))?,
            from: opening.from.parse().map_err(|_| OpeningError::Field("from"))?,
            connection: opening.connection,
            to: opening.to.parse().map_err(|_| OpeningError::Field("to"))?,
            entrant,
        })
    }
}

/// What the owner says.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Answer {
    /// The line is open.
    Accepted {
        /// The number of the owner's connection.
        connection: u64,
        /// The owner says something at least so often.
        heartbeat_ms: u64,
        /// The client goes on where it was.
        is_kept: bool,
    },
    /// The room says no.
    Refused {
        /// Why.
        reason: Reason,
        /// In words.
        message: String,
    },
    /// The room is not, or not any more, at this node.
    NotOwner,
}

/// Why a room says no.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Reason {
    /// It would be one room too many.
    RoomsFull,
    /// The room has as many members as it may.
    RoomFull,
}

impl Answer {
    /// Passes a refusal on.
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let reason = if refusal.incident() == Incident::RoomsFull {
            Reason::RoomsFull
        } else {
            Reason::RoomFull
        };
        Self::Refused { reason, message: refusal.message().to_owned() }
    }

    /// Writes it down.
    pub(crate) fn encode(&self) -> Bytes {
        encode(self)
    }

    /// Reads it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, OpeningError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

impl Reason {
    /// As the server counts it.
    pub(crate) fn incident(self) -> Incident {
        match self {
            Self::RoomsFull => Incident::RoomsFull,
            Self::RoomFull => Incident::RoomFull,
        }
    }
}

fn encode(value: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("strings and numbers are JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entrant() -> Entrant {
        Entrant {
            room: RoomName::new("lobby").expect("a name"),
            name: String::from("Ann"),
            role: String::from("agent"),
            grants: Grants { broadcast: false, ..Grants::ALL },
            client: Client {
                handshake: BodyForm::Padded,
                traits: Traits { duplex: true, merges_lists: false, ours: true },
                browser: true,
            },
            expires_at: Some(Duration::from_millis(1_900_000_000_123)),
            address: "2001:db8::1".parse().expect("an address"),
            room_url: String::from("wss://rooms.example/rooms/lobby"),
            can_come_back: true,
            comeback: Some(Comeback { epoch: String::from("e"), received: 7 }),
            enable: Some(String::from("v1")),
        }
    }

    #[test]
    fn an_opening_is_read_as_it_was_written() {
        let owner = Owner { node: NodeId(2), life: 3 };
        let bytes = Opening::encode(LineId(9), NodeId(1), 4, owner, &entrant());

        let opened = Opening::decode(&bytes).expect("an opening");

        assert_eq!((opened.line, opened.from), (LineId(9), NodeId(1)));
        assert_eq!((opened.connection, opened.to), (4, owner));
        assert_eq!(format!("{:?}", opened.entrant), format!("{:?}", entrant()));
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let owner = Owner { node: NodeId(2), life: 3 };
        let bytes = Opening::encode(LineId(9), NodeId(1), 4, owner, &entrant());
        let text = String::from_utf8(bytes.to_vec()).expect("JSON");

        let decode = |from: &str, to: &str| {
            let error = Opening::decode(text.replace(from, to).as_bytes()).expect_err("no sense");
            error.to_string()
        };

        assert!(decode("\"version\":1", "\"version\":2").contains("version 2"));
        assert!(decode("\"lobby\"", "\"no room\"").contains("room"));
        assert!(decode("\"room_url\"", "\"other\"").contains("room_url"));
        let from = NodeId(1).to_string();
        assert!(decode(&format!("\"{from}\""), "\"me\"").contains("from"));
        assert!(Opening::decode(b"\xff").is_err());
        assert!(Answer::decode(b"{}").is_err());
    }
}
