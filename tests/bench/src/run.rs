//! A run of all benches: its figures, and what they were measured on.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Figure, Machine};

/// A run: what is kept under `tests/bench/runs/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When it ended: RFC 3339.
    pub date: String,
    /// The commit that was measured; ends with `+` where files differed from it.
    pub commit: String,
    /// On what.
    pub machine: Machine,
    /// What was measured, in order.
    pub figures: Vec<Figure>,
}

/// Why a run cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// A line is no figure.
    #[error("{path}, line {line}: {error}")]
    Figure {
        /// Of which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// Why not.
        #[source]
        error: serde_json::Error,
    },
}

fn file(path: &Path) -> impl Fn(std::io::Error) -> RunError + '_ {
    move |error| RunError::File {
        path: path.to_owned(),
        error,
    }
}

impl Run {
    /// A run of this machine that ends now, with the figures that benches added to a file.
    ///
    /// # Errors
    /// When that file cannot be read, or holds something else.
    pub fn of(figures: &Path, commit: String) -> Result<Self, RunError> {
        let text = fs::read_to_string(figures).map_err(file(figures))?;
        let figures = text.lines().zip(1..).map(|(text, line)| {
            serde_json::from_str(text).map_err(|error| RunError::Figure {
                path: figures.to_owned(),
                line,
                error,
            })
        });
        Ok(Self {
            date: jiff::Timestamp::now().strftime("%FT%TZ").to_string(),
            commit,
            machine: Machine::this(),
            figures: figures.collect::<Result<_, _>>()?,
        })
    }

    /// Keeps it in a folder, under its date and commit, and answers where.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, folder: &Path) -> Result<PathBuf, RunError> {
        let date = self.date.replace(':', "");
        let path = folder.join(format!("{date}-{}.json", self.commit));
        let mut text = serde_json::to_string_pretty(self).expect("a run is plain data");
        text.push('\n');
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, text))
            .map_err(file(&path))?;
        Ok(path)
    }
}
