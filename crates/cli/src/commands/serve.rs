//! `room serve`

mod cluster;
mod file;
mod lifetime;
mod limits;
mod print;
mod settings;
mod supervisor;
mod traces;

use std::{
    env,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches as _, ValueEnum};
use room_server::{Keys, Listeners, Mount, Origin, Secret, ServerConfig};
use tokio::net::TcpListener;
use tracing::warn;

use self::{
    cluster::Cluster,
    file::ConfigFile,
    limits::{Limits, within},
    settings::Settings,
    traces::Traces,
};
use crate::{demo, failure::Failure, interrupt::shutdown_signal, secrets};

#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Tokens are checked against the secret in ROOM_SECRET or --secret-file, and against API keys.
`room token` makes them.

Every flag can also stand in the file of --config, as a key of the same name."
)]
pub(crate) struct Arguments {
    /// Read settings from this TOML file; flags and the environment win over it
    #[arg(long, value_name = "FILE", env = "ROOM_CONFIG")]
    config: Option<PathBuf>,

    /// Print what the server would run with as TOML, and end
    #[arg(long)]
    print_config: bool,

    /// Where to listen; with port 0 the system chooses one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,

    /// Where to tell metrics and health: /metrics, /healthz and /readyz; nowhere by default
    #[arg(long, value_name = "ADDR:PORT")]
    admin_listen: Option<SocketAddr>,

    /// Hand out tokens at POST /dev/token to whoever asks; for loopback addresses only
    ///
    /// Without another secret the server makes one for this run.
    #[arg(long)]
    dev: bool,

    /// Serve the files of this folder
    ///
    /// Without it --dev serves the demo, if the binary has been built with it.
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

    /// How far the clocks of those who sign tokens may be off, in seconds (0 to 86400)
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = within(0, 86_400))]
    clock_skew: u32,

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

    /// How to write the log: for people, or one JSON object a line
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    traces: Traces,

    /// All of it, and where it is from.
    #[arg(skip)]
    settings: Settings,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Lets switches be turned off too, as in `--dev=false`: a file may have turned them on.
pub(crate) fn with_switches(command: Command) -> Command {
    command.mut_args(|arg| {
        let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
        if is_switch && arg.get_id() != "print_config" { switch(arg) } else { arg }
    })
}

fn switch(arg: Arg) -> Arg {
    arg.action(ArgAction::Set)
        .value_name("BOOL")
        .num_args(0..=1)
        .require_equals(true)
        .default_value("false")
        .default_missing_value("true")
        .hide_default_value(true)
}

/// Reads the command line once more, with the file that it names beneath it.
pub(crate) fn read(command: Command, given: &ArgMatches) -> Result<Arguments, Failure> {
    let of_serve = |matches: &ArgMatches| matches.subcommand_matches(NAME).cloned();
    let plain = command.find_subcommand(NAME).cloned().unwrap_or_default();
    let path = of_serve(given).and_then(|given| given.get_one::<PathBuf>("config").cloned());
    let file = path.map(|path| ConfigFile::read(&path, &plain)).transpose();
    let file = file.map_err(Failure::Usage)?;

    let layered = match &file {
        Some(file) => command.mut_subcommand(NAME, |serve| file.beneath(serve)).get_matches(),
        None => given.clone(),
    };
    let read = of_serve(&layered).unwrap_or_default();
    let arguments = Arguments::from_arg_matches(&read).map_err(Failure::usage)?;
    Ok(Arguments { settings: Settings::of(&plain, &read, file.as_ref()), ..arguments })
}

/// What the command is called.
pub(crate) const NAME: &str = "serve";

/// Serves until Ctrl-C or SIGTERM, and then until everybody has gone.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    if arguments.print_config {
        return print::print(&arguments);
    }
    let (address, admin) = (arguments.listen, arguments.admin_listen);
    let config = config(arguments).map_err(Failure::Usage)?;
    config.check(address).map_err(Failure::usage)?;

    // Before the first line, after which a signal may come.
    let shutdown = shutdown_signal()?;
    let public = listen(address).await?;
    let admin = match admin {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    announce(&public, admin.as_ref())?;

    lifetime::serve(shutdown, Listeners { public, admin }, config).await
}

impl Arguments {
    /// The secret's file, unless the environment has a secret and only the configuration a file.
    fn secret_file(&self) -> Option<&Path> {
        let is_in_environment = env::var_os(secrets::SECRET_VARIABLE).is_some();
        let is_weaker = self.settings.origin("secret-file") == settings::Origin::File;
        self.secret_file.as_deref().filter(|_| !(is_in_environment && is_weaker))
    }
}

fn config(arguments: Arguments) -> anyhow::Result<ServerConfig> {
    let mut config = ServerConfig::new(keys(&arguments)?);
    config.cluster = arguments.cluster.config()?;
    config.dev = arguments.dev;
    config.clock_skew = Duration::from_secs(arguments.clock_skew.into());
    config.end_expired = arguments.end_expired;
    config.legacy_grants = !arguments.no_legacy_grants;
    config.built_in = if arguments.dev { demo::FILES } else { &[] };
    config.www = arguments.www;
    config.mounts = arguments.mount;
    config.allowed_origins = arguments.allow_origin;
    config.trust_forwarded = arguments.trust_forwarded;
    arguments.limits.apply(&mut config);
    config.traces = arguments.traces.export(&arguments.settings);
    Ok(config)
}

fn keys(arguments: &Arguments) -> anyhow::Result<Keys> {
    let mut secret = secrets::secret(arguments.secret_file())?;
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

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// In one piece: whoever waits for the first line may not read on.
fn announce(public: &TcpListener, admin: Option<&TcpListener>) -> anyhow::Result<()> {
    let address = |listener: &TcpListener| listener.local_addr().context("no address");
    let mut text = format!("listening on http://{}\n", address(public)?);
    if let Some(admin) = admin {
        text += &format!("admin on http://{}\n", address(admin)?);
    }
    let mut output = std::io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
