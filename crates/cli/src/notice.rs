//! What is said on standard error while a command goes on.

use room_client::Client;
use room_proto::{Event, Session};

use crate::output::harmless;

/// Says where we are, and as whom.
pub(crate) fn announce(session: &Session, doing: &str) {
    if let (Some(id), Some(room)) = (session.participant_id(), session.room_name()) {
        eprintln!("room: {doing} in {room} as participant {id}");
    }
}

/// What an event says about the connection, if it is about that.
pub(crate) fn about_connection(client: &Client, event: &Event) -> Option<String> {
    if let Event::Lost(error) = event {
        return Some(format!("room: {}; trying again", harmless(&error.message)));
    }
    if *event == Event::Resumed {
        return Some(String::from("room: the connection is there again; nothing was lost"));
    }
    if let Event::Discontinuity(error) = event {
        let id = client.session().participant_id().map_or("", |id| id.as_str());
        return Some(format!(
            "room: the connection is there again, as participant {id}; what came meanwhile is \
             lost ({})",
            harmless(&error.message)
        ));
    }
    None
}
