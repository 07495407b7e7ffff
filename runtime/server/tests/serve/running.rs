//! A server that runs, told what to do by arguments and signals, and read by what it says.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

/// How long to wait for a line, or an end, before a test fails: far more than either takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepwell"));
    command
        .args(["serve", "--data-dir", "data"])
        .args(arguments)
        .current_dir(folder);
    let theirs = |name: &str| name.starts_with("STEPWELL_") || name.starts_with("AWS_");
    for (name, _) in std::env::vars().filter(|(name, _)| theirs(name)) {
        command.env_remove(name);
    }
    command.env("STEPWELL_LISTEN", "127.0.0.1:0");
    command
}

/// What `serve` says that does not get as far as serving.
pub(crate) fn refused(folder: &TempDir, arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = command(folder.path(), arguments).output().unwrap();
    let told = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!(status.code(), Some(2), "{arguments:?}: {told}");
    told
}

impl Running {
    /// Starts a server in a folder, whose data directory is `data`; any port is taken.
    pub(crate) fn start(folder: &TempDir, arguments: &[&str]) -> Self {
        Self::start_in(folder, arguments, &[])
    }

    /// Starts one with more in its environment.
    pub(crate) fn start_in(folder: &TempDir, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let mut command = command(folder.path(), arguments);
        Self::spawn(command.envs(more.iter().copied()).stdout(Stdio::null()))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines(child.stderr.take().unwrap());
        let mut running = Self {
            child,
            lines,
            url: String::new(),
        };
        let line = running.line("listening on ");
        let (_, rest) = line.split_once("listening on ").unwrap();
        running.url = rest.split(';').next().unwrap().to_owned();
        running
    }

    /// The next line on standard error that has this in it.
    pub(crate) fn line(&self, part: &str) -> String {
        let mut told = String::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(part) => return line,
                Ok(line) => told = told + &line + "\n",
                Err(error) => panic!("no line with {part:?} ({error}) after\n{told}"),
            }
        }
    }

    /// Sends a signal, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended.
    pub(crate) fn end(mut self) -> ExitStatus {
        // Its standard error is closed when it ends: no asking again and again.
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
