//! A drawing that is made before it is known where it goes: what a layout draws, kept, so that it
//! can be moved, put into another, and drawn at last.

use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;

/// How wide a letter is taken to be, beside the font's size.
const LETTER_WIDTH: f64 = 0.55;

/// What was drawn.
#[derive(Default)]
pub(super) struct Drawing {
    strokes: Vec<Stroke>,
}

enum Stroke {
    Rectangle(Point, Point, StyleAttr),
    Ellipse(Point, Point, StyleAttr),
    Line(Point, Point, StyleAttr),
    Text(Point, String, StyleAttr),
    Arrow(Way),
}

struct Way {
    path: Vec<(Point, Point)>,
    dashed: bool,
    head: (bool, bool),
    look: StyleAttr,
    text: String,
}

/// How much room a text takes.
pub(super) fn text_size(text: &str, font_size: usize) -> Point {
    let height = font_size as f64;
    Point::new(text.chars().count() as f64 * height * LETTER_WIDTH, height)
}

impl Drawing {
    /// Moves all of it into the corner, and answers how much room it takes.
    pub(super) fn settle(&mut self) -> Point {
        let bounds = self.strokes.iter().map(Stroke::bounds);
        let whole = bounds.reduce(|(low, high), (other_low, other_high)| {
            (
                Point::new(low.x.min(other_low.x), low.y.min(other_low.y)),
                Point::new(high.x.max(other_high.x), high.y.max(other_high.y)),
            )
        });
        let (low, high) = whole.unwrap_or((Point::zero(), Point::zero()));
        for stroke in &mut self.strokes {
            stroke.shift(low.neg());
        }
        high.sub(low)
    }

    /// Puts another into this one, its corner there.
    pub(super) fn put(&mut self, mut other: Self, corner: Point) {
        for stroke in &mut other.strokes {
            stroke.shift(corner);
        }
        self.strokes.append(&mut other.strokes);
    }

    /// Draws all of it.
    pub(super) fn draw(self, to: &mut dyn RenderBackend) {
        for stroke in self.strokes {
            match stroke {
                Stroke::Rectangle(corner, size, look) => {
                    to.draw_rect(corner, size, &look, None, None);
                }
                Stroke::Ellipse(center, size, look) => to.draw_circle(center, size, &look, None),
                Stroke::Line(start, stop, look) => to.draw_line(start, stop, &look, None),
                Stroke::Text(center, text, look) => to.draw_text(center, &text, &look),
                Stroke::Arrow(way) => {
                    let (look, text) = (&way.look, &*way.text);
                    to.draw_arrow(&way.path, way.dashed, way.head, look, None, text);
                }
            }
        }
    }
}

impl Stroke {
    fn bounds(&self) -> (Point, Point) {
        match self {
            Self::Rectangle(corner, size, _) => (*corner, corner.add(*size)),
            Self::Ellipse(center, size, _) => around(*center, *size),
            Self::Line(start, stop, _) => (
                Point::new(start.x.min(stop.x), start.y.min(stop.y)),
                Point::new(start.x.max(stop.x), start.y.max(stop.y)),
            ),
            Self::Text(center, text, look) => around(*center, text_size(text, look.font_size)),
            Self::Arrow(way) => way.bounds(),
        }
    }

    fn shift(&mut self, by: Point) {
        let shift = |point: &mut Point| *point = point.add(by);
        match self {
            Self::Rectangle(point, ..) | Self::Ellipse(point, ..) | Self::Text(point, ..) => {
                shift(point);
            }
            Self::Line(start, stop, _) => [start, stop].into_iter().for_each(shift),
            Self::Arrow(way) => {
                for (point, control) in &mut way.path {
                    shift(point);
                    shift(control);
                }
            }
        }
    }
}

impl Way {
    /// With its text, which stands at its middle.
    fn bounds(&self) -> (Point, Point) {
        let room = text_size(&self.text, self.look.font_size);
        let points = self
            .path
            .iter()
            .flat_map(|(point, control)| [*point, *control]);
        let boxes = points.map(|point| around(point, Point::new(room.x, 0.0)));
        let whole = boxes.reduce(|(low, high), (other_low, other_high)| {
            (
                Point::new(low.x.min(other_low.x), low.y.min(other_low.y)),
                Point::new(high.x.max(other_high.x), high.y.max(other_high.y)),
            )
        });
        whole.unwrap_or((Point::zero(), Point::zero()))
    }
}

fn around(center: Point, size: Point) -> (Point, Point) {
    let half = size.scale(0.5);
    (center.sub(half), center.add(half))
}

impl RenderBackend for Drawing {
    fn draw_rect(
        &mut self,
        xy: Point,
        size: Point,
        look: &StyleAttr,
        _: Option<String>,
        _: Option<ClipHandle>,
    ) {
        self.strokes.push(Stroke::Rectangle(xy, size, look.clone()));
    }

    fn draw_line(&mut self, start: Point, stop: Point, look: &StyleAttr, _: Option<String>) {
        self.strokes.push(Stroke::Line(start, stop, look.clone()));
    }

    fn draw_circle(&mut self, xy: Point, size: Point, look: &StyleAttr, _: Option<String>) {
        self.strokes.push(Stroke::Ellipse(xy, size, look.clone()));
    }

    fn draw_text(&mut self, xy: Point, text: &str, look: &StyleAttr) {
        if !text.is_empty() {
            let text = text.to_owned();
            self.strokes.push(Stroke::Text(xy, text, look.clone()));
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        dashed: bool,
        head: (bool, bool),
        look: &StyleAttr,
        _: Option<String>,
        text: &str,
    ) {
        self.strokes.push(Stroke::Arrow(Way {
            path: path.to_vec(),
            dashed,
            head,
            look: look.clone(),
            text: text.to_owned(),
        }));
    }

    /// Nothing that is drawn here is clipped.
    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}
