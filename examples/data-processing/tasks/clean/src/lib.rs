//! Parses one line of a weather station's log: `date;station;temperature`.

use std::fmt;

use serde::{Deserialize, Serialize};
use stepwell_task::NamedError;

#[derive(Deserialize)]
struct Line {
    number: u32,
    text: String,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reading {
    line: u32,
    date: String,
    station: String,
    celsius: f64,
}

#[derive(Debug, PartialEq)]
enum LineError {
    FieldMissing(&'static str),
    NotATemperature(String),
}

impl NamedError for LineError {
    fn name(&self) -> &str {
        match self {
            Self::FieldMissing(_) => "FieldMissing",
            Self::NotATemperature(_) => "NotATemperature",
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldMissing(field) => write!(f, "the line has no {field}"),
            Self::NotATemperature(text) => write!(f, "`{text}` is not a temperature"),
        }
    }
}

fn clean(line: Line) -> Result<Reading, LineError> {
    let mut fields = line.text.split(';').map(str::trim);
    let mut field = |name| {
        fields
            .next()
            .filter(|f| !f.is_empty())
            .ok_or(LineError::FieldMissing(name))
    };
    let (date, station, celsius) = (field("date")?, field("station")?, field("temperature")?);
    Ok(Reading {
        line: line.number,
        date: date.to_owned(),
        station: station.to_lowercase(),
        celsius: temperature(celsius)?,
    })
}

/// Stations write the decimal point as their country does.
fn temperature(text: &str) -> Result<f64, LineError> {
    let celsius = text.replace(',', ".").parse::<f64>();
    celsius
        .ok()
        .filter(|celsius| (-90.0..=60.0).contains(celsius))
        .ok_or_else(|| LineError::NotATemperature(text.to_owned()))
}

stepwell_task::export!(clean);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: Result<(&str, f64), LineError>) {
        let got = clean(Line {
            number: 1,
            text: text.to_owned(),
        });
        let got = got.map(|reading| (reading.station, reading.celsius));
        assert_eq!(
            got,
            want.map(|(station, celsius)| (station.to_owned(), celsius))
        );
    }

    #[test]
    fn a_line_becomes_a_reading() {
        check("2026-03-01; Berlin ;-1,5", Ok(("berlin", -1.5)));
    }

    #[test]
    fn a_broken_line_says_what_is_wrong() {
        check("", Err(LineError::FieldMissing("date")));
        check("2026-03-01;;4", Err(LineError::FieldMissing("station")));
        check(
            "2026-03-01;berlin;warm",
            Err(LineError::NotATemperature("warm".to_owned())),
        );
        check(
            "2026-03-01;berlin;NaN",
            Err(LineError::NotATemperature("NaN".to_owned())),
        );
    }
}
