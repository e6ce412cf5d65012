//! What a participant token says, and what it allows.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The claims of a participant token that a room looks at.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    name: String,
    grants: Vec<Grant>,
    /// The version of the token's schema, or of the SDK that wrote it.
    version: Option<String>,
    /// A NumericDate, which may have a fraction.
    exp: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Grant {
    name: String,
    #[serde(default)]
    scope: Value,
}

impl Claims {
    /// The participant's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When the token expires, as the time since 1970, if it ever does.
    #[must_use]
    pub fn expires_at(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.exp?).ok()
    }

    /// The first role that is not `user`, else `user`.
    #[must_use]
    pub fn role(&self) -> &str {
        self.scopes("role").filter_map(Value::as_str).find(|role| *role != "user").unwrap_or("user")
    }

    /// Whether the token is for this room.
    #[must_use]
    pub fn allows_room(&self, room: &str) -> bool {
        self.scopes("room").any(|scope| scope.as_str() == Some(room))
    }

    fn scopes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.grants.iter().filter(move |grant| grant.name == name).map(|grant| &grant.scope)
    }

    /// Whether it is of the time before tokens said what their bearers may do. A version that
    /// cannot be read is not.
    fn is_older_than_api_grants(&self) -> bool {
        let Some(version) = &self.version else { return true };
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(major), Some(minor)) => (major, minor) < (0, 6),
            _ => false,
        }
    }
}

/// What a member may do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Grants {
    /// Messaging at all.
    pub messaging: bool,
    /// To one participant, and streams.
    pub send: bool,
    /// To everyone.
    pub broadcast: bool,
    /// See who is there.
    pub list: bool,
}

impl Grants {
    /// Everything.
    pub const ALL: Self = Self { messaging: true, send: true, broadcast: true, list: true };
    /// Nothing.
    pub const NONE: Self = Self { messaging: false, send: false, broadcast: false, list: false };

    /// Reads the grant `api`, section `messaging`.
    ///
    /// The first SDKs wrote tokens without a grant `api`. `legacy` says whether such a token, if it
    /// also has no `version` from 0.6.0 on, allows everything.
    #[must_use]
    pub fn from_claims(claims: &Claims, legacy: bool) -> Self {
        match claims.scopes("api").next() {
            Some(api) => {
                api.get("messaging").and_then(Value::as_object).map_or(Self::NONE, section)
            }
            None if legacy && claims.is_older_than_api_grants() => Self::ALL,
            None => Self::NONE,
        }
    }
}

/// What is left out is allowed; what is there must be true.
fn section(messaging: &Map<String, Value>) -> Grants {
    let allows = |name| messaging.get(name).is_none_or(|value| *value == Value::Bool(true));
    Grants {
        messaging: true,
        send: allows("send"),
        broadcast: allows("broadcast"),
        list: allows("list"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(grants: &Value, version: Option<&str>) -> Claims {
        let mut claims = json!({ "name": "ann", "grants": grants });
        if let Some(version) = version {
            claims["version"] = json!(version);
        }
        serde_json::from_value(claims).expect("a test writes claims")
    }

    fn grants(messaging: &Value) -> Grants {
        let scope = json!({ "messaging": messaging });
        Grants::from_claims(&claims(&json!([{ "name": "api", "scope": scope }]), None), true)
    }

    #[test]
    fn defaults_are_true_and_false_is_false() {
        assert_eq!(grants(&json!({})), Grants::ALL);
        assert_eq!(grants(&json!({ "broadcast": true, "list": true, "send": true })), Grants::ALL);
        assert_eq!(grants(&json!({ "send": false })), Grants { send: false, ..Grants::ALL });
        assert_eq!(
            grants(&json!({ "broadcast": false, "list": false })),
            Grants { broadcast: false, list: false, ..Grants::ALL }
        );
    }

    #[test]
    fn what_is_not_true_is_denied() {
        for wrong in [json!("false"), json!("true"), json!(0), json!(1), json!(null)] {
            let expected = Grants { send: false, ..Grants::ALL };
            assert_eq!(grants(&json!({ "send": wrong })), expected, "{wrong}");
        }
    }

    #[test]
    fn no_messaging_section_is_no_messaging() {
        assert_eq!(grants(&Value::Null), Grants::NONE);
        let without = claims(&json!([{ "name": "api", "scope": { "storage": {} } }]), None);
        assert_eq!(Grants::from_claims(&without, true), Grants::NONE);
    }

    #[test]
    fn tokens_without_an_api_grant_count_only_if_they_are_old_and_that_is_wanted() {
        let none = json!([]);
        let allowed = |version, legacy| Grants::from_claims(&claims(&none, version), legacy);

        assert_eq!(allowed(None, true), Grants::ALL);
        assert_eq!(allowed(Some("0.5.3"), true), Grants::ALL);
        assert_eq!(allowed(Some("0.6.0"), true), Grants::NONE);
        assert_eq!(allowed(Some("0.36.3"), true), Grants::NONE);
        for unreadable in ["", "abc", "0", "0.x.1"] {
            assert_eq!(allowed(Some(unreadable), true), Grants::NONE, "{unreadable:?}");
        }
        assert_eq!(allowed(None, false), Grants::NONE);
    }

    #[test]
    fn the_role_is_the_first_that_is_not_user() {
        let role = |scopes: &[&str]| {
            let grants: Vec<_> =
                scopes.iter().map(|scope| json!({ "name": "role", "scope": scope })).collect();
            claims(&json!(grants), None).role().to_owned()
        };

        assert_eq!(role(&[]), "user");
        assert_eq!(role(&["user", "agent", "tool"]), "agent");
    }

    #[test]
    fn a_token_is_for_the_rooms_it_names() {
        let claims = claims(&json!([{ "name": "room", "scope": "lobby" }]), None);

        assert!(claims.allows_room("lobby"));
        assert!(!claims.allows_room("lobby2"));
    }
}
