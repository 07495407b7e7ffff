//! A run as a table, for a person.

use std::fmt;

use crate::Run;
use crate::figure::{number, verdict};

/// What a table says of one figure.
struct Line {
    name: String,
    value: String,
    limit: String,
    ratio: String,
    target: String,
}

/// One line a figure, under the name of each bench; curves are left to their plots.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machine = &self.machine;
        writeln!(
            f,
            "{}, commit {}, {} cores of {}, {} (load {:.1})",
            self.date, self.commit, machine.cores, machine.processor, machine.system, machine.load
        )?;
        let lines: Vec<_> = self.lines().collect();
        let width = |of: fn(&Line) -> &String| {
            let widths = lines.iter().map(|(_, line)| of(line).chars().count());
            widths.max().unwrap_or(0)
        };
        let (name, value) = (width(|line| &line.name), width(|line| &line.value));
        let (limit, ratio) = (width(|line| &line.limit), width(|line| &line.ratio));
        let mut before = "";
        for (bench, line) in &lines {
            if *bench != before {
                writeln!(f, "\n{bench}")?;
                before = bench;
            }
            let text = format!(
                "  {:name$}  {:>value$}  {:>limit$}  {:>ratio$}  {}",
                line.name, line.value, line.limit, line.ratio, line.target
            );
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

impl Run {
    fn lines(&self) -> impl Iterator<Item = (&str, Line)> {
        let single = self.figures.iter().filter(|figure| figure.at.is_none());
        single.map(|figure| {
            let limit = figure.limit.zip(figure.limit_name.as_deref());
            let held = [
                figure
                    .ratio_target
                    .zip(figure.ratio)
                    .map(|(target, ratio)| format!("ratio {target}: {}", verdict(target, ratio))),
                figure
                    .target
                    .map(|target| format!("{target}: {}", verdict(target, figure.value))),
            ];
            let line = Line {
                name: figure.name.clone(),
                value: format!("{} {}", number(figure.value), figure.unit),
                limit: limit.map_or_else(String::new, |(limit, name)| {
                    format!("{name} {}", number(limit))
                }),
                ratio: figure
                    .ratio
                    .map_or_else(String::new, |ratio| format!("{ratio:.2} ×")),
                target: held.into_iter().flatten().collect::<Vec<_>>().join("; "),
            };
            (&*figure.bench, line)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Figure, Machine, Target};

    #[test]
    fn each_figure_stands_beside_its_limit_and_target() {
        let figures = vec![
            Figure::new("step", "Pass", 3.5, "µs").beside("print", 1.0),
            Figure::new("append", "rows", 40_000.0, "rows/s")
                .beside("bare", 100_000.0)
                .ratio_should_be(Target::AtLeast(0.5)),
            Figure::new("growth", "states", 1.0, "µs").at(10.0),
        ];
        let run = Run {
            date: "2026-01-02T03:04:05Z".into(),
            commit: "0123456".into(),
            machine: Machine::this(),
            figures,
        };
        let table = run.to_string();
        let lines: Vec<_> = table.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "",
                "step",
                "  Pass        3.50 µs       print 1  3.50 ×",
                "",
                "append",
                "  rows  40,000 rows/s  bare 100,000  0.40 ×  ratio ≥ 0.50: missed",
            ]
        );
    }
}
