//! What each piece of work may cost: `baseline.json`, and how a count compares with it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where the baseline is, in the checkout.
pub(crate) const PATH: &str = "tests/counts/baseline.json";

/// How much more a count may be. Counts of one binary differ by less than one in a hundred,
/// with the seeds of hash tables and how threads meet.
const ROOM_PERCENT: u64 = 5;

/// The same where another compiler than the baseline's made the code: it inlines otherwise.
const ROOM_PERCENT_OTHER_COMPILER: u64 = 20;

/// Instructions a round, by the work's name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// The compiler that it was counted with.
    pub(crate) compiler: String,
    /// The counts.
    pub(crate) counts: BTreeMap<String, u64>,
}

/// How a count compares.
pub(crate) enum Judgement {
    /// There is nothing to compare it with.
    New,
    /// More than there is room for.
    Dearer {
        /// By how many percent.
        percent: f64,
    },
    /// As it should be.
    Within {
        /// By how many percent it is more, or less.
        percent: f64,
    },
}

impl Baseline {
    fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
    }

    pub(crate) fn read() -> Result<Self, String> {
        let path = Self::path();
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(crate) fn write(&self) -> Result<(), String> {
        let path = Self::path();
        let mut text = serde_json::to_string_pretty(self).expect("counts are plain data");
        text.push('\n');
        std::fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
        print!("{text}");
        Ok(())
    }

    /// How much more than this a count may be.
    pub(crate) fn room_percent(&self, compiler: &str) -> u64 {
        if compiler == self.compiler {
            ROOM_PERCENT
        } else {
            ROOM_PERCENT_OTHER_COMPILER
        }
    }

    pub(crate) fn judge(&self, name: &str, counted: u64, room_percent: u64) -> Judgement {
        let Some(&known) = self.counts.get(name) else {
            return Judgement::New;
        };
        let percent = (counted as f64 / known as f64 - 1.0) * 100.0;
        // In whole numbers: exactly the room is within it.
        if counted * 100 > known * (100 + room_percent) {
            Judgement::Dearer { percent }
        } else {
            Judgement::Within { percent }
        }
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("not in the baseline yet"),
            Self::Dearer { percent } => write!(f, "{percent:+.1} %: TOO MANY"),
            Self::Within { percent } => write!(f, "{percent:+.1} %"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_of_room_and_more_for_another_compiler() {
        let counts = [("step".to_owned(), 1_000)].into();
        let compiler = "rustc 1.95.0".to_owned();
        let baseline = Baseline { compiler, counts };
        let same = baseline.room_percent("rustc 1.95.0");
        let other = baseline.room_percent("rustc 1.96.0");
        let is_dearer = |counted, room| {
            matches!(
                baseline.judge("step", counted, room),
                Judgement::Dearer { .. }
            )
        };
        assert!(!is_dearer(1_050, same) && !is_dearer(10, same));
        assert!(is_dearer(1_051, same) && !is_dearer(1_051, other));
        assert!(matches!(baseline.judge("other", 1, same), Judgement::New));
    }

    #[test]
    fn the_baseline_knows_all_work() {
        let baseline = Baseline::read().expect("it is there");
        for work in crate::work::Work::ALL {
            assert!(baseline.counts.contains_key(work.name()), "{}", work.name());
        }
    }
}
