//! Map Runs on a terminal: a bar each, with how many items are done, how fast, how many failed,
//! and how long the rest will take.

use std::collections::HashMap;

use asl::map_run::MapRun;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Runs shown at once; beyond it they would push the rest off the screen.
const RUNS_MAX: usize = 4;

/// While the source is still being read, nobody knows of how many.
const COUNTING: &str = "{spinner} {prefix:28} {human_pos} items  {per_sec}  {msg}";
const KNOWN: &str =
    "{spinner} {prefix:28} {bar:24} {human_pos}/{human_len} items  {per_sec}  {eta} left  {msg}";

/// The bars, by the run's ARN.
#[derive(Default)]
pub(super) struct MapRuns {
    bars: HashMap<String, ProgressBar>,
}

impl MapRuns {
    /// Shows a run as it is now.
    pub(super) fn show(&mut self, screen: &MultiProgress, run: &MapRun, running: u64) {
        let arn = run.arn().as_str();
        let (label, words) = (label(arn), words(run, running));
        if run.end().is_some() {
            if let Some(bar) = self.bars.remove(arn) {
                bar.finish_and_clear();
                screen.remove(&bar);
            }
            let ended = run.items().ended();
            // A terminal that went away is no reason to fail.
            let _ = screen.println(format!("  {label:28} {ended} items  {words}"));
            return;
        }
        if !self.bars.contains_key(arn) {
            if self.bars.len() >= RUNS_MAX {
                return;
            }
            let bar = screen.add(ProgressBar::no_length());
            bar.set_style(style(COUNTING));
            bar.set_prefix(label);
            self.bars.insert(arn.to_owned(), bar);
        }
        let Some(bar) = self.bars.get(arn) else {
            return;
        };
        if let (None, Some((_, items))) = (bar.length(), run.total()) {
            bar.set_length(items);
            bar.set_style(style(KNOWN));
        }
        bar.set_position(run.items().ended());
        bar.set_message(words);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a sound template")
}

/// What stands between the state machine and the run's id.
fn label(arn: &str) -> String {
    let (_, label) = arn.rsplit_once('/').unwrap_or(("", arn));
    let (label, _) = label.rsplit_once(':').unwrap_or((label, ""));
    format!("Map Run {label}")
}

fn words(run: &MapRun, running: u64) -> String {
    let items = run.items();
    let mut words = Vec::new();
    for (count, word) in [
        (running, "running"),
        (items.failed, "failed"),
        (items.timed_out, "timed out"),
        (items.aborted, "aborted"),
        (run.pending_redrive().1, "to be redriven"),
    ] {
        if count > 0 {
            words.push(format!("{count} {word}"));
        }
    }
    words.join(", ")
}
