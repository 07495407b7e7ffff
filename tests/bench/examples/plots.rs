//! Draws the curves among figures: one SVG a curve, beside the line of what is proportional.
//!
//! `plots FIGURES FOLDER` reads the figures that benches gathered. `cargo xtask bench` calls it. Both axes are logarithmic: what grows with n is as steep as
//! the thin line, what is worse is steeper, and what stays as it is lies flat.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use bench::Run;
use plotters::prelude::*;

const SIZE: (u32, u32) = (560, 360);
/// How far an axis reaches beyond its points, as a factor.
const MARGIN: f64 = 2.0;

/// A curve: its unit, and its points by size.
type Curve = (String, Vec<(f64, f64)>);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [figures, folder] = &arguments[..] else {
        return Err("usage: plots FIGURES FOLDER".into());
    };
    let run = Run::of(Path::new(figures), String::new())?;
    std::fs::create_dir_all(folder)?;
    for (name, curve) in curves(&run) {
        let path = Path::new(folder).join(format!("{}.svg", file_name(&name)));
        draw(&path, &name, &curve)?;
        println!("{}", path.display());
    }
    Ok(())
}

fn curves(run: &Run) -> BTreeMap<String, Curve> {
    let mut curves = BTreeMap::<String, Curve>::new();
    for figure in &run.figures {
        let Some(at) = figure.at else { continue };
        let (unit, points) = curves.entry(figure.name.clone()).or_default();
        unit.clone_from(&figure.unit);
        points.push((at, figure.value));
    }
    curves
}

/// Letters and digits, all else dashes.
fn file_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}

fn draw(path: &Path, name: &str, (unit, points): &Curve) -> Result<(), Box<dyn Error>> {
    let range = |of: fn(&(f64, f64)) -> f64| {
        let values = points.iter().map(of);
        let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        (low / MARGIN, high * MARGIN)
    };
    let (x, y) = (range(|point| point.0), range(|point| point.1));
    // Where nothing grows there is still room to see that.
    let y = (y.0.min(y.1 / 100.0), y.1);
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(format!("{name} ({unit})"), ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(64)
        .build_cartesian_2d((x.0..x.1).log_scale(), (y.0..y.1).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .draw()?;
    if let Some(last) = points.last() {
        // Proportional: through the last point.
        let from = x.0.max(y.0 * last.0 / last.1);
        let line = [(from, from * last.1 / last.0), *last];
        chart.draw_series(LineSeries::new(line, BLACK.mix(0.3)))?;
    }
    chart.draw_series(LineSeries::new(
        points.iter().copied(),
        BLUE.stroke_width(2),
    ))?;
    chart.draw_series(
        points
            .iter()
            .map(|point| Circle::new(*point, 3, BLUE.filled())),
    )?;
    area.present()?;
    Ok(())
}

/// A number on an axis.
fn label(value: &f64) -> String {
    match *value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e3 => format!("{}k", value / 1e3),
        value => format!("{value}"),
    }
}
