//! Where `room serve` sends spans.

use std::convert::Infallible;

use clap::Args;
use room_server::{Endpoint, EndpointError, TraceExport};

use super::settings::{Origin, Settings};

/// `docs/server.md` says what goes there. The variables are those of OpenTelemetry.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Traces")]
pub(crate) struct Traces {
    /// Send spans of messages that are traced to this collector (OTLP over HTTP, as JSON), such as
    /// http://127.0.0.1:4318; nowhere by default
    #[arg(
        long,
        value_name = "URL",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_parser = Target::parse_base
    )]
    otlp_endpoint: Option<Target>,

    /// The same with the whole path, which otherwise is /v1/traces
    #[arg(
        long,
        value_name = "URL",
        env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        value_parser = Target::parse
    )]
    otlp_traces_endpoint: Option<Target>,

    /// What this server is called at the collector
    #[arg(
        long,
        value_name = "NAME",
        env = "OTEL_SERVICE_NAME",
        default_value = DEFAULT_NAME,
        value_parser = service_name
    )]
    otlp_service_name: String,
}

const DEFAULT_NAME: &str = "room-server";

/// For OpenTelemetry an empty variable is one that is not set.
fn service_name(text: &str) -> Result<String, Infallible> {
    Ok(if text.is_empty() { DEFAULT_NAME.to_owned() } else { text.to_owned() })
}

/// A collector, or none where the text is empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    Nowhere,
    At(Endpoint),
}

impl Target {
    fn parse_base(text: &str) -> Result<Self, EndpointError> {
        if text.is_empty() { Ok(Self::Nowhere) } else { Endpoint::parse_base(text).map(Self::At) }
    }

    fn parse(text: &str) -> Result<Self, EndpointError> {
        if text.is_empty() { Ok(Self::Nowhere) } else { Endpoint::parse(text).map(Self::At) }
    }
}

impl Traces {
    /// What the server is told, if spans are wanted.
    pub(super) fn export(self, settings: &Settings) -> Option<TraceExport> {
        let origin = |key| settings.origin(key);
        let whole = (origin("otlp-traces-endpoint"), self.otlp_traces_endpoint);
        let base = (origin("otlp-endpoint"), self.otlp_endpoint);
        let endpoint = chosen(whole, base)?;
        Some(TraceExport { service: self.otlp_service_name, ..TraceExport::new(endpoint) })
    }
}

/// Who is stronger has said it, and of two from the same place the one that is for traces. A
/// variable that is empty says nothing.
fn chosen(whole: (Origin, Option<Target>), base: (Origin, Option<Target>)) -> Option<Endpoint> {
    let ordered = if base.0 < whole.0 { [base, whole] } else { [whole, base] };
    let mut said = ordered.into_iter().filter_map(|(origin, target)| Some((origin, target?)));
    let is_said = |(origin, target): &(Origin, Target)| {
        *origin != Origin::Environment || *target != Target::Nowhere
    };
    match said.find(is_said)?.1 {
        Target::At(endpoint) => Some(endpoint),
        Target::Nowhere => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Origin::{Environment, File, Flag};

    /// What is chosen where these two are given.
    fn choose(whole: (Origin, &str), base: (Origin, &str)) -> Option<String> {
        let parsed = (
            Target::parse(whole.1).expect("a URL or nothing"),
            Target::parse_base(base.1).expect("a URL or nothing"),
        );
        let chosen = chosen((whole.0, Some(parsed.0)), (base.0, Some(parsed.1)));
        chosen.map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn the_one_for_traces_wins_unless_the_other_is_from_a_stronger_place() {
        for (whole, base, expected) in [
            (Environment, Environment, "http://whole/path"),
            (File, File, "http://whole/path"),
            (Flag, Environment, "http://whole/path"),
            (Environment, Flag, "http://base/v1/traces"),
            (File, Environment, "http://base/v1/traces"),
        ] {
            let chosen = choose((whole, "http://whole/path"), (base, "http://base"));
            assert_eq!(chosen.as_deref(), Some(expected), "{whole:?} {base:?}");
        }
    }

    #[test]
    fn an_empty_variable_says_nothing_and_an_empty_flag_turns_the_export_off() {
        let base = Some(String::from("http://base/v1/traces"));
        assert_eq!(choose((Environment, ""), (Environment, "http://base")), base);
        assert_eq!(choose((Environment, ""), (Environment, "")), None);
        assert_eq!(choose((Environment, "http://whole"), (Flag, "")), None);
        assert_eq!(chosen((Origin::Default, None), (Origin::Default, None)), None);
    }
}
