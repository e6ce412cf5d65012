//! `room serve`

mod cluster;
mod limits;

use std::{io::Write as _, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;
use room_server::{Keys, Mount, Origin, Secret, ServeError, ServerConfig};
use tokio::net::TcpListener;
use tracing::warn;

use self::{cluster::Cluster, limits::Limits};
use crate::{failure::Failure, interrupt::shutdown_signal, secrets};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Tokens are checked against the secret in ROOM_SECRET or --secret-file, and against API keys.
`room token` makes them."
)]
pub(crate) struct Arguments {
    /// Where to listen; with port 0 the system chooses one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,

    /// Hand out tokens at POST /dev/token to whoever asks; for loopback addresses only
    ///
    /// Without another secret the server makes one for this run.
    #[arg(long)]
    dev: bool,

    /// Serve the files of this folder
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,

    /// Serve the files of a further folder under a path, such as /pkg=DIR; may be repeated
    #[arg(long, value_name = "/PREFIX=DIR", value_parser = Mount::parse)]
    mount: Vec<Mount>,

    /// Read the secret that signs tokens from this file [env: ROOM_SECRET has the secret itself]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,

    /// Read API keys (ma-…) from this file, one a line [env: ROOM_API_KEYS has the keys themselves]
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,

    /// How far the clocks of those who sign tokens may be off, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    clock_skew: u64,

    /// Disconnect members whose token has expired; ours come back with a new one
    #[arg(long)]
    end_expired: bool,

    /// Refuse messaging to tokens of the first SDKs, which have no API grants
    #[arg(long)]
    no_legacy_grants: bool,

    /// Let only pages of this site connect, such as https://example.org; may be repeated
    #[arg(long, value_name = "URL", value_parser = Origin::parse)]
    allow_origin: Vec<Origin>,

    /// Believe X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host; only behind a proxy that
    /// sets them
    #[arg(long)]
    trust_forwarded: bool,

    #[command(flatten)]
    cluster: Cluster,

    /// What to log on standard error, such as debug or room_server=debug
    #[arg(long, value_name = "FILTER", env = "RUST_LOG", default_value = "info")]
    pub(crate) log: String,

    #[command(flatten)]
    limits: Limits,
}

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let address = arguments.listen;
    let config = config(arguments).map_err(Failure::Usage)?;
    config.check(address).map_err(Failure::usage)?;

    // Before the first line, after which a signal may come.
    let shutdown = shutdown_signal()?;
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let bound = listener.local_addr().context("the listener has no address")?;
    announce(bound)?;

    room_server::run(listener, config, shutdown).await.map_err(|error| match error {
        ServeError::Config(error) => Failure::usage(error),
        ServeError::Cluster(_) | ServeError::Listener(_) => Failure::Failed(error.into()),
    })
}

fn config(arguments: Arguments) -> anyhow::Result<ServerConfig> {
    let mut config = ServerConfig::new(keys(&arguments)?);
    config.cluster = arguments.cluster.config()?;
    config.dev = arguments.dev;
    config.clock_skew = Duration::from_secs(arguments.clock_skew);
    config.end_expired = arguments.end_expired;
    config.legacy_grants = !arguments.no_legacy_grants;
    config.www = arguments.www;
    config.mounts = arguments.mount;
    config.allowed_origins = arguments.allow_origin;
    config.trust_forwarded = arguments.trust_forwarded;
    arguments.limits.apply(&mut config);
    Ok(config)
}

fn keys(arguments: &Arguments) -> anyhow::Result<Keys> {
    let mut secret = secrets::secret(arguments.secret_file.as_deref())?;
    if let Some(secret) = &secret
        && !secret.is_strong()
    {
        warn!("the secret has fewer than 32 bytes; tokens can be forged by guessing it");
    }
    if arguments.dev {
        arguments.cluster.check_secret(secret.as_ref())?;
        secret.get_or_insert_with(Secret::random);
    }
    let keys = secret.map_or_else(Keys::default, Keys::from_secret);
    let api_keys = secrets::api_keys(arguments.api_key_file.as_deref())?;
    Ok(api_keys.into_iter().fold(keys, Keys::with_api_key))
}

fn announce(address: SocketAddr) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "listening on http://{address}")
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
