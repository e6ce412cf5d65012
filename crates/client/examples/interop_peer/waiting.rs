//! Lines that are not answered yet.

use room_proto::{CallKey, JsonText, RequestId, SessionError, StreamKey};
use serde::Serialize;

use crate::command::LineId;

/// What a line is answered with.
pub(crate) type Answer = Result<JsonText, SessionError>;

/// What a line may wait for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// The answer of the server.
    Request(RequestId),
    /// The answer of the other side.
    Opened(StreamKey),
    /// That all chunks so far are written.
    Written(StreamKey),
    /// The end of a stream.
    Ended(StreamKey),
    /// The answer of the other side to a call.
    Called(CallKey),
    /// The end of the connection.
    Left,
}

/// How a command is answered.
#[derive(Debug)]
pub(crate) enum Reply {
    /// At once.
    Now(JsonText),
    /// With what is waited for.
    When(Cause),
    /// After the last of these, or with the first that fails.
    WhenAll(Vec<Cause>),
}

impl Reply {
    pub(crate) fn now(value: &impl Serialize) -> Self {
        Self::Now(JsonText::from_value(value))
    }

    /// At once, and there is nothing to tell.
    pub(crate) fn done() -> Self {
        Self::Now(done())
    }
}

/// Which line waits for what.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Vec<(Cause, LineId)>);

impl Waiting {
    /// Answers a line, or remembers what it waits for.
    pub(crate) fn reply(&mut self, line: LineId, reply: Result<Reply, SessionError>) {
        match reply {
            Ok(Reply::Now(result)) => print(line, &Ok(result)),
            Ok(Reply::When(cause)) => self.0.push((cause, line)),
            Ok(Reply::WhenAll(causes)) => {
                self.0.extend(causes.into_iter().map(|cause| (cause, line)));
            }
            Err(error) => print(line, &Err(error)),
        }
    }

    /// What was waited for has come, if anybody did.
    pub(crate) fn settle(&mut self, cause: Cause, answer: &Answer) {
        let settled = self.0.extract_if(.., |(waited_for, _)| *waited_for == cause);
        let lines: Vec<_> = settled.map(|(_, line)| line).collect();
        for line in lines {
            if answer.is_err() {
                self.0.retain(|(_, other)| *other != line);
            }
            if !self.0.iter().any(|(_, other)| *other == line) {
                print(line, answer);
            }
        }
    }

    /// Nothing that was waited for will come.
    pub(crate) fn fail_all(&mut self, error: &SessionError) {
        while let Some((cause, _)) = self.0.first() {
            self.settle(*cause, &Err(error.clone()));
        }
    }
}

/// The answer of commands that have nothing to tell.
pub(crate) fn done() -> JsonText {
    JsonText::from_value(&())
}

/// Answers a line.
fn print(line: LineId, answer: &Answer) {
    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Reply<'a> {
        Result(&'a JsonText),
        Error(&'a str),
    }

    #[derive(Serialize)]
    struct Answered<'a> {
        id: u64,
        #[serde(flatten)]
        reply: Reply<'a>,
    }

    let reply = match answer {
        Ok(result) => Reply::Result(result),
        Err(error) => Reply::Error(&error.message),
    };
    println!("{}", JsonText::from_value(&Answered { id: line.0, reply }).as_str());
}
