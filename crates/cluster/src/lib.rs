//! What the nodes of a cluster say to each other, and who has which room.
//!
//! There is no network, no clock and no chance here: time is an argument ([`Timestamp`]), ids come
//! from the driver in `room-server`. A room has one owner at a time; a member that is connected to
//! another node has a [`Line`] to the owner. Start there; [`Parcel`] is what goes over it.
//! [`Lease`] says whether a node is still sure to be the owner of anything, [`Tenures`] which rooms
//! it has, and [`Peers`] which other nodes are there.

mod error;
mod ids;
mod lease;
mod line;
mod parcel;
mod peers;
mod tenures;

use std::time::Duration;

pub use error::{LineError, NameError, ParcelError};
pub use ids::{LineId, NodeId, Owner};
pub use lease::{Lease, Step};
pub use line::{Item, Line, Received, WINDOW_BYTES};
pub use parcel::{Failure, Frame, HEAD_BYTES, PART_BYTES, Parcel};
pub use peers::{Beat, Peers};
pub use tenures::{Entrance, Tenures};

/// Time since the driver started.
pub type Timestamp = Duration;
