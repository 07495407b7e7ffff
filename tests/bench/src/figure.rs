//! One measured figure, and how it reaches whoever asked for it.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Names the file that figures are added to, a JSON object a line. `cargo xtask bench` sets it.
const FIGURES: &str = "STEPWELL_FIGURES";

/// One measured figure.
///
/// ```
/// use bench::{Figure, Target};
///
/// Figure::new("executions", "Standard, durable, 1,024 at once", 12_345.6, "executions/s")
///     .beside("a bare file, synced after each batch", 40_000.0)
///     .ratio_should_be(Target::AtLeast(0.5))
///     .should_be(Target::AtLeast(20_000.0))
///     .print();
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The bench that measured it.
    pub bench: String,
    /// What was measured.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what: `executions/s`, `µs`, `bytes`.
    pub unit: String,
    /// What stands in for the physical limit, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_name: Option<String>,
    /// The same measured of the limit, in the same run and unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// `value / limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// What `value` is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What `ratio` is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio_target: Option<Target>,
    /// Where it stands on its curve, for a figure that is one of a series of the same name: how
    /// many states, items, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
}

/// What a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// More is better.
    AtLeast(f64),
    /// Less is better.
    AtMost(f64),
}

impl Target {
    /// Whether `value` is as it should be.
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "≥ {}", number(*bound)),
            Self::AtMost(bound) => write!(f, "≤ {}", number(*bound)),
        }
    }
}

impl Figure {
    /// A figure without limit or target.
    pub fn new(bench: &str, name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self {
            bench: bench.to_owned(),
            name: name.into(),
            value,
            unit: unit.to_owned(),
            limit_name: None,
            limit: None,
            ratio: None,
            target: None,
            ratio_target: None,
            at: None,
        }
    }

    /// With the physical limit, measured in the same run and unit.
    #[must_use]
    pub fn beside(mut self, limit_name: &str, limit: f64) -> Self {
        self.limit_name = Some(limit_name.to_owned());
        self.limit = Some(limit);
        self.ratio = Some(self.value / limit);
        self
    }

    /// With what the value is held to.
    #[must_use]
    pub fn should_be(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// With what its ratio to the limit is held to.
    #[must_use]
    pub fn ratio_should_be(mut self, target: Target) -> Self {
        self.ratio_target = Some(target);
        self
    }

    /// As a point of a curve.
    #[must_use]
    pub fn at(mut self, at: f64) -> Self {
        self.at = Some(at);
        self
    }

    /// Prints it for a person, and adds it to the file that `STEPWELL_FIGURES` names.
    ///
    /// # Panics
    /// When that file cannot be written: a figure that is lost is worse than a bench that ends.
    pub fn print(&self) {
        println!("{self}");
        if let Some(path) = std::env::var_os(FIGURES) {
            self.add_to(Path::new(&path))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }

    fn add_to(&self, path: &Path) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        file.write_all(&line)
    }
}

/// One line: the value, what it is, its limit, its targets.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>12} {:13} {}",
            number(self.value),
            self.unit,
            self.name
        )?;
        if let Some(at) = self.at {
            write!(f, " at {}", number(at))?;
        }
        if let (Some(limit), Some(ratio), Some(name)) = (self.limit, self.ratio, &self.limit_name) {
            write!(f, "; {ratio:.2} × {} ({name})", number(limit))?;
        }
        if let (Some(target), Some(ratio)) = (self.ratio_target, self.ratio) {
            write!(f, "; ratio {target}: {}", verdict(target, ratio))?;
        }
        if let Some(target) = self.target {
            write!(f, "; {target}: {}", verdict(target, self.value))?;
        }
        Ok(())
    }
}

/// Whether a target is met, in a word.
pub(crate) fn verdict(target: Target, value: f64) -> &'static str {
    if target.is_met(value) {
        "met"
    } else {
        "missed"
    }
}

/// A number as a person reads it: three digits and more, thousands apart.
pub(crate) fn number(value: f64) -> String {
    let places = match value.abs() {
        small if small < 9.995 => 2,
        small if small < 99.95 => 1,
        _ => 0,
    };
    if places > 0 && value.fract() != 0.0 {
        return format!("{value:.places$}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.0, "0"),
            (2.0, "2"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (1_234_567.8, "1,234,568"),
            (-1_234.0, "-1,234"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_figure_is_read_as_it_was_written() {
        let figure = Figure::new("b", "n", 30.0, "µs")
            .beside("bare", 20.0)
            .ratio_should_be(Target::AtMost(1.3))
            .at(4.0);
        assert_eq!(figure.ratio, Some(1.5));
        let dir = std::env::temp_dir().join(format!("stepwell-figures-{}", std::process::id()));
        figure.add_to(&dir).expect("it is written");
        figure.add_to(&dir).expect("it is added");
        let text = std::fs::read_to_string(&dir).expect("it is there");
        std::fs::remove_file(&dir).expect("it goes");
        let read: Vec<Figure> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a figure"))
            .collect();
        assert_eq!(read, [figure.clone(), figure.clone()]);
        assert!(
            figure.to_string().ends_with("ratio ≤ 1.30: missed"),
            "{figure}"
        );
    }
}
