//! How a command fails.

/// What went wrong, and whose mistake it was.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are wrong, or the environment that stands in for them.
    Usage(anyhow::Error),
    /// It did not work.
    Failed(anyhow::Error),
}

impl Failure {
    /// A mistake in the arguments.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}
