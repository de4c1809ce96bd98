//! The process of an Envoy.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep},
};

/// The first `envoy` on the PATH.
pub(super) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join("envoy")).find(|program| program.is_file())
}

/// What it says of itself.
pub(super) fn version(program: &Path) -> Result<String, String> {
    let said =
        Command::new(program).arg("--version").output().map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// A running Envoy; it ends with this value.
pub(super) struct Envoy {
    process: Child,
    admin: SocketAddr,
}

impl Envoy {
    /// Starts it with a configuration, and waits until it listens.
    pub(super) async fn start(
        program: &Path,
        folder: &Path,
        config: &Value,
    ) -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let (file, admin, log) =
            (folder.join("envoy.json"), folder.join("admin"), folder.join("envoy.log"));
        fs::write(&file, config.to_string()).map_err(text)?;
        let mut process = Command::new(program)
            .args(["--disable-hot-restart", "--log-level", "error", "--concurrency", "1"])
            .arg("--config-path")
            .arg(&file)
            .arg("--admin-address-path")
            .arg(&admin)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).map_err(text)?)
            .spawn()
            .map_err(text)?;
        let began = Instant::now();
        loop {
            let address = fs::read_to_string(&admin).ok();
            if let Some(admin) = address.and_then(|text| text.trim().parse().ok()) {
                return Ok(Self { process, admin });
            }
            let ended = process.try_wait().map_err(text)?;
            if ended.is_some() || began.elapsed() > PATIENCE {
                let _unneeded = process.kill();
                let _reaped = process.wait();
                let said = fs::read_to_string(&log).unwrap_or_default();
                let tail: String = said.chars().take(2000).collect();
                return Err(format!("Envoy does not start: {tail}"));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The address of a listener, once it is there.
    pub(super) async fn listener(&self, name: &str) -> Result<SocketAddr, String> {
        let began = Instant::now();
        loop {
            let text = self.admin("/listeners?format=json").await?;
            let json: Value = serde_json::from_str(&text).unwrap_or_default();
            let all = json.get("listener_statuses").and_then(Value::as_array);
            let found = all
                .into_iter()
                .flatten()
                .find(|one| one.get("name").and_then(Value::as_str) == Some(name));
            let at = |path: &str| found.and_then(|one| one.pointer(path));
            let host = at("/local_address/socket_address/address").and_then(Value::as_str);
            let port = at("/local_address/socket_address/port_value").and_then(Value::as_u64);
            if let (Some(host), Some(port)) = (host, port)
                && let Ok(address) = format!("{host}:{port}").parse()
            {
                return Ok(address);
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("Envoy does not listen as `{name}`: {text}"));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn admin(&self, path: &str) -> Result<String, String> {
        let asked = async {
            let mut stream = TcpStream::connect(self.admin).await?;
            let request =
                format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer = asked.await.map_err(|error| error.to_string())?;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        // Chunked or not: what is asked for is the one JSON value in it.
        let from = body.find('{').unwrap_or_default();
        let to = body.rfind('}').map_or(body.len(), |at| at + 1);
        Ok(body.get(from..to).unwrap_or_default().to_owned())
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ended_before = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// How long Envoy may take to start.
const PATIENCE: Duration = Duration::from_secs(20);
