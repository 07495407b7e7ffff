//! Adds to a reading what its station stands for.

use serde::{Deserialize, Serialize};
use stepwell_task::Failure;

/// Stations, with their countries and their heights above the sea.
const STATIONS: [(&str, &str, i32); 4] = [
    ("berlin", "DE", 48),
    ("kyiv", "UA", 166),
    ("paris", "FR", 75),
    ("zugspitze", "DE", 2964),
];

#[derive(Deserialize, Serialize)]
struct Reading {
    line: u32,
    date: String,
    station: String,
    celsius: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Enriched {
    #[serde(flatten)]
    reading: Reading,
    country: &'static str,
    height_metres: i32,
    frost: bool,
}

fn enrich(reading: Reading) -> Result<Enriched, Failure> {
    let known = STATIONS.iter().find(|(name, ..)| *name == reading.station);
    let &(_, country, height_metres) = known
        .ok_or_else(|| Failure::new("UnknownStation", format!("no station {}", reading.station)))?;
    Ok(Enriched {
        frost: reading.celsius < 0.0,
        reading,
        country,
        height_metres,
    })
}

stepwell_task::export!(enrich);
