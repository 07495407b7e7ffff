//! `stepwell execution watch`.

use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::buckets::BucketFolders;
use super::super::endpoint::{CallError, Endpoint, Reach};
use super::super::event::Event;
use super::super::live::Screen;
use super::super::output::{self, text};
use super::super::{Outcome, arns};

/// How long to wait before asking again: so short while events come, twice as long each time that
/// none did.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause: what a person takes for at once, and a server does not feel.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// How long a server may be away, as when it is started anew, before that is an error.
const ABSENCE_MAX: Duration = Duration::from_secs(60);

/// Events of a page.
const PAGE: usize = 100;

/// Events that are caught up with, at most: of a long history the newest are of interest.
const BACKLOG_MAX: usize = 1_000;

/// Follow an execution live to its end, print its output, and leave with its exit code.
///
/// On a terminal the states it is in are a live table; elsewhere each event is a line. With
/// --data-dir everything in the directory that has not ended goes on, for as long as this runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell execution watch order-17
  stepwell execution watch orders:order-17 --quiet && echo done")]
pub(super) struct Watch {
    /// Its name, MACHINE:NAME, or its ARN.
    name: String,
    #[command(flatten)]
    looks: Looks,
    #[command(flatten)]
    buckets: BucketFolders,
}

/// How an execution is shown that is followed.
#[derive(Debug, clap::Args)]
pub(super) struct Looks {
    /// Show every event as a line, on a terminal too.
    #[arg(long)]
    lines: bool,
    /// Show nothing but the output.
    #[arg(short, long, conflicts_with = "lines")]
    pub(super) quiet: bool,
    /// Print JSON: AWS's whole answer, not the output or ARN alone.
    #[arg(long)]
    pub(super) json: bool,
}

impl Watch {
    pub(super) async fn execute(self, reach: &Reach) -> anyhow::Result<Outcome> {
        if self.name.contains(":express:") {
            bail!(
                "nothing is kept of an Express execution: what it comes to is had with \
                 'stepwell execution start MACHINE --wait'"
            );
        }
        let endpoint = reach.open_and_run(&self.buckets)?;
        let arn = arns::execution(&endpoint, &self.name).await?;
        let outcome = follow(&endpoint, &arn, &self.looks).await?;
        endpoint.close().await?;
        Ok(outcome)
    }
}

/// Follows an execution to its end, and prints it.
pub(super) async fn follow(
    endpoint: &Endpoint,
    arn: &str,
    looks: &Looks,
) -> anyhow::Result<Outcome> {
    let screen = (!looks.quiet).then(|| Screen::open(looks.lines));
    let mut following = Following {
        endpoint,
        arn,
        screen,
        seen: 0,
    };
    tokio::select! {
        ended = following.until_its_end() => show_end(&ended?, looks),
        _ = tokio::signal::ctrl_c() => {
            output::say(format_args!(
                "interrupted; follow it on with 'stepwell execution watch {}', end it with \
                 'stepwell execution stop {0}'",
                arns::short(arn)
            ));
            Ok(Outcome::Interrupted)
        }
    }
}

/// Prints how an execution ended: its output, or what went wrong.
pub(super) fn show_end(ended: &Value, looks: &Looks) -> anyhow::Result<Outcome> {
    let status = text(ended, "status");
    let outcome = match status {
        "SUCCEEDED" => Outcome::Success,
        _ => Outcome::Failure,
    };
    if looks.json {
        output::print_json(ended)?;
    } else if outcome == Outcome::Success {
        let output = text(ended, "output");
        output::print_json(&serde_json::from_str(output).unwrap_or_else(|_| output.into()))?;
    }
    if outcome == Outcome::Failure {
        output::say_failure(status, text(ended, "error"), text(ended, "cause"));
    }
    Ok(outcome)
}

struct Following<'e> {
    endpoint: &'e Endpoint,
    arn: &'e str,
    screen: Option<Screen>,
    /// The newest event that was shown.
    seen: u64,
}

impl Following<'_> {
    /// Answers what DescribeExecution does of an execution that has ended.
    async fn until_its_end(&mut self) -> Result<Value, CallError> {
        let mut pause = PAUSE_MIN;
        // When the server answered last; and whether it was said that it is away.
        let (mut answered, mut is_away): (Option<Instant>, bool) = (None, false);
        loop {
            match self.look().await {
                Ok(Look::Ended(ended)) => return Ok(ended),
                Ok(Look::Runs { news }) => {
                    pause = match news {
                        true => PAUSE_MIN,
                        false => (pause * 2).min(PAUSE_MAX),
                    };
                    (answered, is_away) = (Some(Instant::now()), false);
                }
                Err(CallError::Unreachable(why)) => {
                    if answered.is_none_or(|at| at.elapsed() > ABSENCE_MAX) {
                        return Err(CallError::Unreachable(why));
                    }
                    if !is_away {
                        self.say("the server is away; asking again until it is back");
                    }
                    (pause, is_away) = (PAUSE_MAX, true);
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// How it stands, and what is new. First the one, then the other: of one that has ended the
    /// events are then all there.
    async fn look(&mut self) -> Result<Look, CallError> {
        let mut wanted = json!({ "executionArn": self.arn, "includedData": "METADATA_ONLY" });
        let stands = self
            .endpoint
            .call("DescribeExecution", wanted.clone())
            .await?;
        let news = self.show_new().await?;
        if text(&stands, "status") == "RUNNING" {
            return Ok(Look::Runs { news });
        }
        wanted["includedData"] = "ALL_DATA".into();
        let ended = self.endpoint.call("DescribeExecution", wanted).await?;
        Ok(Look::Ended(ended))
    }

    /// Shows what is new, and answers whether anything was.
    async fn show_new(&mut self) -> Result<bool, CallError> {
        let Some(screen) = &mut self.screen else {
            return Ok(false);
        };
        let (new, earlier) = new_events(self.endpoint, self.arn, self.seen).await?;
        if earlier {
            screen.say("… (earlier events: stepwell execution history)");
        }
        for event in new.iter().rev() {
            screen.event(event);
        }
        self.seen = new.first().map_or(self.seen, |newest| newest.id);
        Ok(!new.is_empty())
    }

    fn say(&self, line: &str) {
        match &self.screen {
            Some(screen) => screen.say(line),
            None => output::say(line),
        }
    }
}

enum Look {
    Runs { news: bool },
    Ended(Value),
}

/// The events after this one, newest first, and whether some between are left out. They are read
/// from the newest back, so that a look at an execution without news is one short page.
async fn new_events(
    endpoint: &Endpoint,
    arn: &str,
    seen: u64,
) -> Result<(Vec<Event>, bool), CallError> {
    let mut new: Vec<Event> = Vec::new();
    let mut wanted = json!({ "executionArn": arn, "reverseOrder": true, "maxResults": PAGE });
    loop {
        let mut page = endpoint.call("GetExecutionHistory", wanted.clone()).await?;
        let events = page["events"].as_array().into_iter().flatten();
        let before = new.len();
        new.extend(events.map(Event::read).take_while(|event| event.id > seen));
        let is_whole = new.len() - before == PAGE;
        let next = page["nextToken"].take();
        if next.is_null() || !is_whole {
            return Ok((new, false));
        }
        if new.len() >= BACKLOG_MAX {
            return Ok((new, true));
        }
        wanted["nextToken"] = next;
    }
}
