//! What the bearer of a token may do in a room.

use std::str::FromStr;

use anyhow::bail;
use serde_json::{Map, Value, json};

/// The rights of the messaging grant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Allowed {
    send: bool,
    broadcast: bool,
    list: bool,
}

impl FromStr for Allowed {
    type Err = anyhow::Error;

    /// Words with commas between them; `all` and `none` stand alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => return Ok(Self { send: true, broadcast: true, list: true }),
            "none" => return Ok(Self { send: false, broadcast: false, list: false }),
            _ => {}
        }
        let mut allowed = Self { send: false, broadcast: false, list: false };
        for word in text.split(',') {
            match word.trim() {
                "send" => allowed.send = true,
                "broadcast" => allowed.broadcast = true,
                "list" => allowed.list = true,
                other => bail!("{other:?} is none of send, broadcast, list, all, none"),
            }
        }
        Ok(allowed)
    }
}

impl Allowed {
    /// The scope of the grant `api`: what is left out of the section `messaging` is allowed, and
    /// without the section nothing is.
    pub(super) fn scope(self) -> Value {
        let rights = [("send", self.send), ("broadcast", self.broadcast), ("list", self.list)];
        if rights.iter().all(|(_, allowed)| !allowed) {
            return json!({});
        }
        let denied = rights.into_iter().filter(|(_, allowed)| !allowed);
        let section: Map<_, _> =
            denied.map(|(name, _)| (name.to_owned(), Value::Bool(false))).collect();
        json!({ "messaging": section })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Option<Value> {
        text.parse::<Allowed>().ok().map(Allowed::scope)
    }

    #[test]
    fn what_is_not_allowed_is_denied() {
        assert_eq!(scope("all"), Some(json!({ "messaging": {} })));
        assert_eq!(scope("send,broadcast,list"), scope("all"));
        assert_eq!(scope("list, send"), Some(json!({ "messaging": { "broadcast": false } })));
        assert_eq!(scope("none"), Some(json!({})));
    }

    #[test]
    fn what_is_no_right_is_named() {
        for wrong in ["", "send,", "read", "none,send"] {
            assert!(wrong.parse::<Allowed>().is_err(), "{wrong}");
        }
    }
}
