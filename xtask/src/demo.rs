//! `cargo xtask demo`: an order is fulfilled, although the process is killed half-way.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::guests;
use crate::workspace::{Workspace, at, cannot_start, stage};

const STORY: &str = "examples/order-fulfilment";

/// The execution's name: by it the second run finds what the first has begun.
const NAME: &str = "demo";

/// The Wait state in the middle of the story. It takes some seconds: entering it is the
/// moment to strike.
const HALF_WAY: &str = "WaitForCourier";

/// When to strike if the run does not say that it is half-way.
const PATIENCE: Duration = Duration::from_secs(4);

/// Builds everything, runs the story twice, and shows what was kept.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    guests::build(workspace)?;
    let mut build = workspace.cargo();
    build.args(["build", "--release", "--package", "server"]);
    stage(
        "Building stepwell (the first time minutes: wasmtime and SQLite are compiled)",
        &mut build,
    )?;

    let demo = Demo {
        root: workspace.root.clone(),
        stepwell: workspace.target.join("release/stepwell"),
        data: workspace.target.join("demo"),
    };
    if demo.data.exists() {
        fs::remove_dir_all(&demo.data).map_err(at(&demo.data))?;
    }
    demo.tell()
}

struct Demo {
    root: PathBuf,
    stepwell: PathBuf,
    data: PathBuf,
}

impl Demo {
    fn tell(&self) -> Result<()> {
        eprintln!("\n==> An order: {STORY}/input.json, through {STORY}/definition.asl.json");
        self.run_and_kill()?;
        eprintln!(
            "\n==> Killed half-way, with SIGKILL: the process had no chance to save anything."
        );
        eprintln!("    The same command again carries the same execution to its end:\n");
        let again = Instant::now();
        let mut command = self.run_command();
        let status = command
            .status()
            .map_err(|error| cannot_start(&command, &error))?;
        if !status.success() {
            return Err(format!("the second run ended with {status}"));
        }
        eprintln!("    {:.1} s", again.elapsed().as_secs_f64());

        let mut history = self.stepwell(&["execution", "history", NAME]);
        stage(
            "Its history: nothing lost, nothing done twice",
            history.arg("--data-dir").arg(&self.data),
        )?;
        self.say_what_next();
        Ok(())
    }

    /// Starts the execution and kills the process when it has come half-way.
    fn run_and_kill(&self) -> Result<()> {
        let mut command = self.run_command();
        command.stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| cannot_start(&command, &error))?;
        let lines = lines_of(&mut child);
        let half_way = wait_until_half_way(&lines);
        // `Child::kill` is SIGKILL; it fails only for a child that has ended.
        let killed = child.kill();
        let status = child.wait().map_err(|error| error.to_string())?;
        match (half_way, killed) {
            (true, Ok(())) if !status.success() => Ok(()),
            _ => Err(format!(
                "the first run ended with {status} before it could be killed"
            )),
        }
    }

    fn run_command(&self) -> Command {
        let input = format!("@{STORY}/input.json");
        let definition = format!("{STORY}/definition.asl.json");
        let mut run = self.stepwell(&[
            "run",
            &definition,
            "--input",
            &input,
            "--name",
            NAME,
            "--watch",
        ]);
        run.arg("--data-dir").arg(&self.data);
        run
    }

    fn stepwell(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.stepwell);
        command.current_dir(&self.root).args(args);
        command
    }

    fn say_what_next(&self) {
        let stepwell = shorter(&self.stepwell, &self.root);
        let data = shorter(&self.data, &self.root);
        eprintln!(
            "\n==> What to try next
    {stepwell} run {STORY}/definition.asl.json --input @{STORY}/declined.json
        a card is declined: Catch gives the stock back
    {stepwell} run examples/data-processing/definition.asl.json --input @examples/data-processing/input.json
        a Map over records, one of which is broken
    {stepwell} graph {STORY}/definition.asl.json -o order.svg
    {stepwell} execution list --data-dir {data}
        what is kept, and how it stands
    {STORY}/README.md, and its tasks: a dozen lines of Rust each"
        );
    }
}

/// Repeats what the child says on standard error, and hands it on.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let stderr = child.stderr.take().expect("piped above");
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr)
            .lines()
            .map_while(std::result::Result::ok)
        {
            eprintln!("{line}");
            // Nobody listens any more once the child is killed.
            let _ = sender.send(line);
        }
    });
    receiver
}

/// True when the child has come half-way, or has taken so long that it must have; false if
/// it ended before.
fn wait_until_half_way(lines: &Receiver<String>) -> bool {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains(HALF_WAY) => return true,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

fn shorter<'a>(path: &'a Path, root: &Path) -> std::path::Display<'a> {
    path.strip_prefix(root).unwrap_or(path).display()
}
