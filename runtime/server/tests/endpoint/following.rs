//! Following an execution: live, across a server's restart, until Ctrl-C.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::Place;
use crate::command::stepwell;
use crate::serve::running::Running;

/// How long to wait for a line before a test fails: far more than any takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that runs, read by what it says; killed when it is dropped.
pub(super) struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    pub(super) fn start(place: &Place, line: &str) -> Self {
        let arguments = place.arguments(line);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = stepwell(&arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits for a line with this in it.
    pub(super) fn line(&self, part: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            if line.contains(part) {
                return;
            }
        }
    }

    /// Waits for its end: its exit code, and what it printed.
    pub(super) fn end(mut self) -> (Option<i32>, String) {
        let mut told = String::new();
        let mut stdout = self.child.stdout.take().unwrap();
        stdout.read_to_string(&mut told).unwrap();
        (self.child.wait().unwrap().code(), told)
    }

    fn interrupt(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "INT", &id]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WAITING: &str =
    r#"{"StartAt": "Long", "States": {"Long": {"Type": "Wait", "Seconds": 86400, "End": true}}}"#;

fn waiting(place: &Place) -> Following {
    std::fs::write(place.file("long.asl.json"), WAITING).unwrap();
    place.check("machine create long FILE/long.asl.json", 0, &[], &[]);
    let following = Following::start(place, "execution start long --name one --wait");
    following.line("WaitStateEntered Long");
    following
}

#[test]
fn an_interrupt_ends_the_watching_alone() {
    for place in [Place::server(), Place::directory()] {
        let following = waiting(&place);
        following.interrupt();
        following.line("interrupted; follow it on with 'stepwell execution watch long:one'");
        assert_eq!(following.end(), (Some(130), String::new()));
        place.check("execution describe one", 0, &["RUNNING"], &[]);
        place.check(
            "execution stop one --cause enough",
            0,
            &[],
            &["long:one is stopped"],
        );
        place.check("execution watch one", 1, &[], &["ABORTED: enough"]);
    }
}

#[test]
fn a_server_may_go_and_come_back() {
    let mut place = Place::server();
    let following = waiting(&place);
    let server = place.server.take().unwrap();
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    drop(server);
    following.line("the server is away");
    place.server = Some(Running::start(&place.folder, &["--listen", &address]));
    place.check("execution stop one --error Enough", 0, &[], &[]);
    following.line("ABORTED: Enough");
    assert_eq!(following.end(), (Some(1), String::new()));
}
