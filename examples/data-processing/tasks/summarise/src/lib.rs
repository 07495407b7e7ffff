//! Makes one report of all readings, and of the lines that were none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, heartbeat, log};

/// What became of one line.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Reading {
        country: String,
        celsius: f64,
        frost: bool,
    },
    Rejected {
        line: u32,
        failure: Cause,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cause {
    cause: String,
}

#[derive(Debug, Default, PartialEq, Serialize)]
struct Report {
    countries: BTreeMap<String, Country>,
    rejected: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Country {
    readings: u32,
    frosts: u32,
    celsius_min: f64,
    celsius_max: f64,
}

fn summarise(lines: Vec<Line>) -> Result<Report, Failure> {
    let mut report = Report::default();
    for (done, line) in lines.into_iter().enumerate() {
        if done % 1000 == 0 {
            heartbeat();
        }
        match line {
            Line::Reading {
                country,
                celsius,
                frost,
            } => {
                report
                    .countries
                    .entry(country)
                    .or_default()
                    .add(celsius, frost);
            }
            Line::Rejected { line, failure } => {
                report
                    .rejected
                    .push(format!("line {line}: {}", failure.cause));
            }
        }
    }
    log::info!("report made", rejected = report.rejected.len());
    Ok(report)
}

impl Country {
    fn add(&mut self, celsius: f64, frost: bool) {
        let first = self.readings == 0;
        self.celsius_min = if first {
            celsius
        } else {
            self.celsius_min.min(celsius)
        };
        self.celsius_max = if first {
            celsius
        } else {
            self.celsius_max.max(celsius)
        };
        self.readings += 1;
        self.frosts += u32::from(frost);
    }
}

stepwell_task::export!(summarise);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_gathered_by_country() {
        let reading = |celsius| Line::Reading {
            country: "DE".to_owned(),
            celsius,
            frost: celsius < 0.0,
        };
        let report = summarise(vec![reading(-3.0), reading(4.0), reading(1.0)]).unwrap();
        let country = Country {
            readings: 3,
            frosts: 1,
            celsius_min: -3.0,
            celsius_max: 4.0,
        };
        assert_eq!(
            report.countries,
            BTreeMap::from([("DE".to_owned(), country)])
        );
    }

    #[test]
    fn rejected_lines_are_named() {
        let failure = Cause {
            cause: "the line has no date".to_owned(),
        };
        let report = summarise(vec![Line::Rejected { line: 7, failure }]).unwrap();
        assert_eq!(report.rejected, ["line 7: the line has no date"]);
    }
}
