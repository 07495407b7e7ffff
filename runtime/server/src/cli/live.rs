//! An execution as it goes: a live table on a terminal, plain lines elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl::Timestamp;
use asl::history::{Note, Record, ScopeId};
use asl::interpreter::Execution;
use asl::map_run::MapRun;
use engine::Observer;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::event::{Event, time_of_day};
use super::map_runs::MapRuns;
use super::output;

/// States shown as live at once; beyond it a wide Map would push the rest off the screen.
const LIVE_ROWS_MAX: usize = 16;

/// Events whose row is known: what follows one is nearly always near it, and Express has no limit
/// of events.
const EVENTS_KNOWN_MAX: usize = 25_000;

/// How often a live row moves.
const REDRAW: Duration = Duration::from_millis(100);

/// Shows an execution to the person at this terminal.
pub(super) enum Screen {
    /// A line an event.
    Lines,
    /// A row for each state that is live, a line for each that was left.
    Table(Table),
}

impl Screen {
    /// A table on a terminal, unless lines are wanted.
    pub(super) fn open(lines: bool) -> Self {
        if lines || !std::io::stderr().is_terminal() {
            Self::Lines
        } else {
            Self::Table(Table::default())
        }
    }

    /// Shows an event.
    pub(super) fn event(&mut self, event: &Event) {
        match self {
            Self::Lines => output::say(event.line()),
            Self::Table(table) => table.event(event),
        }
    }

    /// Says something beside the events.
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Lines => output::say(line),
            Self::Table(table) => table.say(line),
        }
    }
}

/// Who shows an execution that runs in this process.
pub(super) fn observer(lines: bool) -> Arc<dyn Observer> {
    Arc::new(Watching(Mutex::new(Told {
        screen: Screen::open(lines),
        newest: HashMap::new(),
    })))
}

struct Watching(Mutex<Told>);

struct Told {
    screen: Screen,
    /// The newest event of each scope: what notes are about.
    newest: HashMap<ScopeId, u64>,
}

impl Observer for Watching {
    fn recorded(&self, execution: &Execution, records: &[Record]) {
        // Children of a Map Run are shown by their number, not one by one.
        if execution.identity().map_state.is_some() {
            return;
        }
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            match record {
                Record::Event(scope, event) => {
                    if told.newest.len() >= EVENTS_KNOWN_MAX {
                        told.newest.clear();
                    }
                    told.newest.insert(*scope, event.id.0);
                    told.screen.event(&Event::read(&event.to_aws()));
                }
                Record::Note(note) => told.note(note),
            }
        }
    }

    fn map_run(&self, run: &MapRun, running: u64) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Screen::Table(table) = &mut told.screen {
            table.map_runs.show(&table.screen, run, running);
        }
    }
}

impl Told {
    fn note(&mut self, note: &Note) {
        let (scope, what) = match note {
            Note::WaitUntil { scope, at } => (scope, format!("until {}", time_of_day(*at))),
            Note::RetryAt { scope, at, .. } => (scope, format!("retry at {}", time_of_day(*at))),
            Note::Items { scope, items, .. } => {
                let count = items.value().as_array().map_or(0, Vec::len);
                (scope, format!("{count} items"))
            }
            _ => return,
        };
        match &mut self.screen {
            Screen::Lines if matches!(note, Note::RetryAt { .. }) => {
                output::say(format_args!("             {what}"));
            }
            Screen::Lines => {}
            Screen::Table(table) => {
                if let Some(newest) = self.newest.get(scope) {
                    table.annotate(*newest, &what);
                }
            }
        }
    }
}

/// Rows of live states, and a line for each that was left.
#[derive(Default)]
pub(super) struct Table {
    screen: MultiProgress,
    map_runs: MapRuns,
    live: BTreeMap<u64, Row>,
    /// The row that each event is of, by its id: which state it happened in.
    row_of: BTreeMap<u64, Option<u64>>,
}

struct Row {
    bar: Option<ProgressBar>,
    name: String,
    kind: String,
    entered: Timestamp,
    attempts: u32,
    /// The row of the state that it runs inside of.
    parent: Option<u64>,
}

impl Table {
    fn event(&mut self, event: &Event) {
        let within = self.row_of.get(&event.previous).copied().flatten();
        let row = if let Some(kind) = event.state("Entered") {
            self.enter(event, kind, within);
            Some(event.id)
        } else if event.state("Exited").is_some() {
            self.leave(self.named(within, event), event.at, "✓")
        } else if event.state("Aborted").is_some() {
            self.leave(within, event.at, "–")
        } else {
            self.show(event, within);
            within
        };
        self.row_of.insert(event.id, row);
        if self.row_of.len() > EVENTS_KNOWN_MAX {
            self.row_of.pop_first();
        }
    }

    fn enter(&mut self, event: &Event, kind: &str, within: Option<u64>) {
        let row = Row {
            bar: self.bar(),
            name: event.name.clone().unwrap_or_default(),
            kind: kind.to_owned(),
            entered: event.at,
            attempts: 0,
            parent: within.filter(|row| self.live.contains_key(row)),
        };
        row.show("");
        self.live.insert(event.id, row);
    }

    /// The row that is left: the nearest of that name around the event.
    fn named(&self, within: Option<u64>, event: &Event) -> Option<u64> {
        let name = event.name.as_deref().unwrap_or_default();
        let mut next = within;
        while let Some(id) = next {
            let row = self.live.get(&id)?;
            if row.name == name {
                return Some(id);
            }
            next = row.parent;
        }
        let mut newest = self.live.iter().rev();
        newest.find(|(_, row)| row.name == name).map(|(id, _)| *id)
    }

    fn show(&mut self, event: &Event, within: Option<u64>) {
        let row = within.and_then(|row| self.live.get_mut(&row));
        if event.kind.ends_with("Scheduled") {
            if let Some(row) = row {
                row.attempts += 1;
                row.show("running");
            }
        } else if event.kind == "MapStateStarted" {
            if let Some(row) = row {
                row.show(&event.about);
            }
        } else if event.is_failure() {
            self.say(&event.about);
        } else if event.ends_execution() {
            let rows: Vec<u64> = self.live.keys().copied().collect();
            for row in rows {
                self.leave(Some(row), event.at, "✗");
            }
        }
    }

    /// Says more of the state that an event happened in.
    fn annotate(&self, event: u64, what: &str) {
        let row = self.row_of.get(&event).copied().flatten();
        if let Some(row) = row.and_then(|row| self.live.get(&row)) {
            row.show(what);
        }
    }

    fn bar(&self) -> Option<ProgressBar> {
        if self.live.len() >= LIVE_ROWS_MAX {
            return None;
        }
        let bar = self.screen.add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
        bar.set_style(style.expect("a sound template"));
        bar.enable_steady_tick(REDRAW);
        Some(bar)
    }

    /// Takes a row away, and answers the one around it.
    fn leave(&mut self, row: Option<u64>, at: Timestamp, mark: &str) -> Option<u64> {
        let row = self.live.remove(&row?)?;
        if let Some(bar) = &row.bar {
            bar.finish_and_clear();
            self.screen.remove(bar);
        }
        let seconds = (at.0 - row.entered.0) as f64 / 1000.0;
        let attempts = match row.attempts {
            0 | 1 => String::new(),
            many => format!("{many} attempts"),
        };
        let Row { name, kind, .. } = &row;
        let line = format!("{mark} {name:28} {kind:9} {seconds:8.3} s  {attempts}");
        self.say(line.trim_end());
        row.parent
    }

    fn say(&self, line: &str) {
        // A terminal that went away is no reason to fail.
        let _ = self.screen.println(line);
    }
}

impl Row {
    fn show(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{:28} {:9} {what}", self.name, self.kind));
        }
    }
}
