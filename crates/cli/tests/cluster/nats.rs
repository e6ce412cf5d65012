//! A NATS of a test's own.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{net::TcpStream, time::sleep};
use uuid::Uuid;

use crate::harness::within;

/// A running `nats-server` with a store of its own.
pub(crate) struct Nats {
    program: OsString,
    process: Child,
    folder: PathBuf,
    pub(crate) port: u16,
}

impl Nats {
    /// Starts one, or says why this is not possible.
    pub(crate) async fn start() -> Option<Self> {
        let program = env::var_os("ROOM_NATS_SERVER").unwrap_or_else(|| "nats-server".into());
        if Command::new(&program).arg("--version").stdout(Stdio::null()).status().is_err() {
            println!(
                "skipped: there is no nats-server in PATH or in ROOM_NATS_SERVER; on Debian: \
                 apt-get install nats-server"
            );
            return None;
        }
        let folder = env::temp_dir().join(format!("room-nats-{}", Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        let process = run(&program, &folder, -1);
        let mut nats = Self { program, process, folder, port: 0 };
        nats.port = within(nats.announced()).await;
        nats.listens().await;
        Some(nats)
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// It is gone without a word.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// It is there again, with what it had stored.
    pub(crate) async fn start_again(&mut self) {
        self.process = run(&self.program, &self.folder, i32::from(self.port));
        self.listens().await;
    }

    /// The port, from the file that the server writes.
    async fn announced(&self) -> u16 {
        let file = self.folder.join(format!("nats-server_{}.ports", self.process.id()));
        loop {
            let ports = fs::read_to_string(&file).unwrap_or_default();
            let port = ports
                .split("nats://127.0.0.1:")
                .nth(1)
                .and_then(|rest| rest.split('"').next().and_then(|digits| digits.parse().ok()));
            if let Some(port) = port {
                return port;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn listens(&self) {
        within(async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(LOOK_AGAIN).await;
            }
        })
        .await;
    }
}

fn run(program: &OsString, folder: &Path, port: i32) -> Child {
    let mut command = Command::new(program);
    command.args(["--jetstream", "--addr", "127.0.0.1", "--port", &port.to_string()]);
    command.arg("--store_dir").arg(folder).arg("--ports_file_dir").arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

impl Drop for Nats {
    fn drop(&mut self) {
        // It may have ended already, and what is left is in the folder for such things.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const LOOK_AGAIN: Duration = Duration::from_millis(20);
