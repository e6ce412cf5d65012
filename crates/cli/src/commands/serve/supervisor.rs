//! Whoever started the server and waits to hear how it is: systemd, for units of `Type=notify`.

/// What there is to tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// Members can come in.
    Ready,
    /// The end has begun.
    Stopping,
}

/// Tells it. Does nothing where nobody has asked to be told.
#[cfg(target_os = "linux")]
pub(crate) fn tell(state: State) {
    use sd_notify::NotifyState;

    let state = match state {
        State::Ready => NotifyState::Ready,
        State::Stopping => NotifyState::Stopping,
    };
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell systemd how the server is");
    }
}

/// Nobody asks.
#[cfg(not(target_os = "linux"))]
pub(crate) fn tell(_: State) {}
