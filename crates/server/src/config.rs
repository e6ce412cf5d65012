//! What the server is told before it starts.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use room::RoomLimits;
use room_proto::Limits;
use thiserror::Error;

use crate::{
    cluster::ClusterConfig, keys::Keys, metrics::Metrics, origin::Origin, otlp::TraceExport,
};

/// How the server behaves. Start from [`ServerConfig::new`].
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Hands tokens to whoever asks; the server then listens on loopback addresses only.
    pub dev: bool,
    /// What tokens must be signed with.
    pub keys: Keys,
    /// How far the clocks of those who sign tokens may be off.
    pub clock_skew: Duration,
    /// Disconnects members whose token has expired. Ours come back with a new one.
    pub end_expired: bool,
    /// Grants messaging to tokens of the first SDKs, which say nothing about it.
    pub legacy_grants: bool,
    /// The folder served at `/`.
    pub www: Option<PathBuf>,
    /// What is served at `/` if there is no such folder.
    pub built_in: &'static [StaticFile],
    /// Further folders.
    pub mounts: Vec<Mount>,
    /// Bounds on what a member may send.
    pub limits: Limits,
    /// Bounds on a room.
    pub room_limits: RoomLimits,
    /// How many rooms there may be at a time.
    pub max_rooms: usize,
    /// How many messages one member may send in a second, see [`room::Pace`]; 0 is no limit.
    pub max_messages_per_second: u32,
    /// The size of data packets that our own clients are asked to keep to.
    pub max_packet_bytes: usize,
    /// The size of data packets for clients that are not ours. Large ones overtake each other in the
    /// official browser client, from about 200 KiB on.
    pub packet_bytes: usize,
    /// How much may wait for a member that reads slowly, before it is disconnected.
    pub max_queued_bytes: usize,
    /// How long a seat is kept for a client of ours whose connection was lost. 0: not at all.
    pub resume_grace: Duration,
    /// How much that was sent is kept for such a client, until it says that it came.
    pub max_kept_bytes: usize,
    /// The time between pings. Who is silent for two of them is disconnected.
    pub heartbeat: Duration,
    /// How long a connection may take until its request is whole.
    pub handshake_time: Duration,
    /// How long members may take to go elsewhere before the server ends. 0: they are let go at once.
    pub drain_time: Duration,
    /// The sites whose pages may connect; if empty, all.
    pub allowed_origins: Vec<Origin>,
    /// Believes `X-Forwarded-For`, `-Proto` and `-Host`. Only right behind a proxy that sets them.
    pub trust_forwarded: bool,
    /// Shares the rooms with other servers; if not given there is this one only.
    pub cluster: Option<ClusterConfig>,
    /// Where the server counts what passes through it, and what it did not allow.
    pub metrics: Arc<Metrics>,
    /// Where the spans of messages that belong to a trace go; without it there are none.
    pub traces: Option<TraceExport>,
}

impl ServerConfig {
    /// The usual settings around these keys.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self {
            dev: false,
            keys,
            clock_skew: Duration::from_secs(60),
            end_expired: false,
            legacy_grants: true,
            www: None,
            built_in: &[],
            mounts: Vec::new(),
            limits: Limits::default(),
            room_limits: RoomLimits::default(),
            max_rooms: 10_000,
            max_messages_per_second: 100_000,
            max_packet_bytes: 1024 * 1024,
            packet_bytes: 16 * 1024,
            max_queued_bytes: 32 * 1024 * 1024,
            resume_grace: Duration::from_secs(30),
            max_kept_bytes: 16 * 1024 * 1024,
            heartbeat: Duration::from_secs(30),
            handshake_time: Duration::from_secs(10),
            drain_time: Duration::ZERO,
            allowed_origins: Vec::new(),
            trust_forwarded: false,
            cluster: None,
            metrics: Arc::default(),
            traces: None,
        }
    }

    /// Checks the settings against the address to listen on.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first thing that does not fit.
    pub fn check(&self, address: SocketAddr) -> Result<(), ConfigError> {
        if self.dev && !address.ip().is_loopback() {
            return Err(ConfigError::DevNotLoopback(address));
        }
        if self.keys.is_empty() {
            return Err(ConfigError::NoSecret);
        }
        let folders = self.mounts.iter().map(|mount| mount.folder.as_path());
        match self.www.as_deref().into_iter().chain(folders).find(|folder| !folder.is_dir()) {
            Some(missing) => Err(ConfigError::NoFolder(missing.to_owned())),
            None => Ok(()),
        }
    }
}

/// The settings do not fit together.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ConfigError {
    /// Development mode would hand tokens to the network.
    #[error("--dev hands out tokens, so it listens on loopback addresses only, not on {0}")]
    DevNotLoopback(SocketAddr),
    /// There is nothing to check tokens with.
    #[error(
        "there is no secret to check tokens with: set ROOM_SECRET or give --secret-file, \
         or use --dev to try things out"
    )]
    NoSecret,
    /// A folder to serve is not there.
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
}

/// A file that is a part of the program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StaticFile {
    /// Where it is served, without a slash at the beginning; `index.html` is at `/` too.
    pub path: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
}

/// A folder that is served under a path of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mount {
    prefix: String,
    folder: PathBuf,
}

impl Mount {
    /// Reads `/prefix=DIR`.
    ///
    /// # Errors
    ///
    /// [`MountError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MountError> {
        let (prefix, folder) = text.split_once('=').ok_or(MountError::NoFolder)?;
        let segments = prefix.strip_prefix('/').ok_or(MountError::Prefix)?.trim_end_matches('/');
        if segments.is_empty() || segments.contains(['{', '}', '*', '?', '#', '%']) {
            return Err(MountError::Prefix);
        }
        if ["rooms", "dev", "healthz", "readyz", "accounts"].contains(&first_segment(segments)) {
            return Err(MountError::Taken);
        }
        if folder.is_empty() {
            return Err(MountError::NoFolder);
        }
        Ok(Self { prefix: format!("/{segments}"), folder: PathBuf::from(folder) })
    }

    /// The path it is served under, without a slash at the end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn first_segment(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// Text is not a mount.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum MountError {
    /// The part before `=` is not a path.
    #[error("a mount begins with a path such as /pkg")]
    Prefix,
    /// There is nothing after `=`.
    #[error("a mount is written /prefix=DIR")]
    NoFolder,
    /// The server itself answers there.
    #[error("the server itself answers at this path")]
    Taken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_a_path_and_a_folder() {
        let mount = Mount::parse("/pkg/=some/dir").expect("a mount");

        assert_eq!(mount.prefix(), "/pkg");
        assert_eq!(mount.folder(), Path::new("some/dir"));
    }

    #[test]
    fn what_is_no_mount_says_why() {
        assert_eq!(Mount::parse("/pkg"), Err(MountError::NoFolder));
        assert_eq!(Mount::parse("/pkg="), Err(MountError::NoFolder));
        assert_eq!(Mount::parse("pkg=x"), Err(MountError::Prefix));
        assert_eq!(Mount::parse("/=x"), Err(MountError::Prefix));
        assert_eq!(Mount::parse("/{a}=x"), Err(MountError::Prefix));
        assert_eq!(Mount::parse("/rooms/x=x"), Err(MountError::Taken));
    }
}
