//! A state machine as an SVG picture. Each flow is laid out by itself; what runs inside a state
//! is drawn first, and the state is a frame around it.

use std::collections::HashMap;

use anyhow::bail;
use asl::definition::{Flow, State, StateKind, StateMachine};
use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::format::RenderBackend;
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow as Line, Element, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::drawing::{Drawing, text_size};
use super::{Arrow, arrows, inner_flows, label};

/// States and arrows that are drawn. Ours: the layout's work grows with the cube of them (measured
/// in a debug build, states with two arrows each: 100 take 1.3 s, 150 take 4), and nobody reads a
/// picture of more.
const STATES_MAX: usize = 250;
const ARROWS_MAX: usize = 350;

const FONT_SIZE: usize = 14;
/// Around a text, and around what is inside a frame.
const ROOM: f64 = 16.0;

pub(super) fn svg(machine: &StateMachine) -> anyhow::Result<String> {
    let (states, ways) = (machine.states.len(), arrows_of(machine, &machine.flow));
    if states > STATES_MAX || ways > ARROWS_MAX {
        bail!(
            "a picture has at most {STATES_MAX} states and {ARROWS_MAX} arrows, this has {states} \
             and {ways}; .mmd and .dot have no such limit"
        );
    }
    let mut drawing = drawn(machine, &machine.flow, true);
    let size = drawing.settle().add(Point::splat(2.0 * ROOM));
    let mut whole = Drawing::default();
    whole.draw_rect(Point::zero(), size, &paper(), None, None);
    whole.put(drawing, Point::splat(ROOM));
    let mut writer = SVGWriter::new();
    whole.draw(&mut writer);
    Ok(sized(&writer.finalize(), size))
}

/// The same picture with its true size: the writer takes a text to be as high as it is long.
fn sized(picture: &str, size: Point) -> String {
    let Point { x, y } = size;
    let head = picture.split_once("<svg ");
    match head.and_then(|(before, after)| Some((before, after.split_once('>')?.1))) {
        Some((before, after)) => format!(
            "{before}<svg width=\"{x}\" height=\"{y}\" viewBox=\"0 0 {x} {y}\" \
             xmlns=\"http://www.w3.org/2000/svg\">{after}"
        ),
        None => picture.to_owned(),
    }
}

/// How many arrows there are, inside of states too.
fn arrows_of(machine: &StateMachine, flow: &Flow) -> usize {
    let states = flow.states.iter().map(|id| machine.state(*id));
    let inside = states.flat_map(inner_flows);
    let inside = inside.map(|(_, inner)| arrows_of(machine, inner));
    arrows(machine, flow).len() + inside.sum::<usize>()
}

/// A flow, laid out. Nesting is bounded by the definition's own depth.
fn drawn(machine: &StateMachine, flow: &Flow, has_start: bool) -> Drawing {
    let mut graph = VisualGraph::new(Orientation::TopToBottom);
    let start = has_start.then(|| graph.add_node(circle("start")));
    let (mut nodes, mut frames) = (HashMap::new(), Vec::new());
    for id in &flow.states {
        let state = machine.state(*id);
        let node = match inside(machine, state) {
            None => graph.add_node(shape(state)),
            Some((inner, size)) => {
                let node = graph.add_node(frame(state, size));
                frames.push((node, label(state), inner));
                node
            }
        };
        nodes.insert(id.0, node);
    }
    if let Some((start, first)) = start.zip(nodes.get(&flow.start_at.0)) {
        graph.add_edge(way(""), start, *first);
    }
    for Arrow { from, to, label } in arrows(machine, flow) {
        if let (Some(from), Some(to)) = (nodes.get(&from.0), nodes.get(&to.0)) {
            graph.add_edge(way(&label), *from, *to);
        }
    }
    let mut drawing = Drawing::default();
    graph.do_it(false, false, false, &mut drawing);
    for (node, title, inner) in frames {
        let place = graph.pos(node);
        let (corner, _) = place.bbox(false);
        let height = FONT_SIZE as f64;
        let title_at = Point::new(place.center().x, corner.y + ROOM / 2.0 + height / 2.0);
        drawing.draw_text(title_at, &title, &look());
        drawing.put(inner, corner.add(Point::new(ROOM, ROOM + height)));
    }
    drawing
}

/// What runs inside of a state, side by side, each in a frame; and how much room that takes.
fn inside(machine: &StateMachine, state: &State) -> Option<(Drawing, Point)> {
    let flows = inner_flows(state);
    if flows.is_empty() {
        return None;
    }
    let (mut all, mut size) = (Drawing::default(), Point::zero());
    for (name, flow) in flows {
        let mut inner = drawn(machine, flow, false);
        let title = text_size(&name, FONT_SIZE);
        let taken = inner.settle();
        let room = Point::new(
            taken.x.max(title.x) + 2.0 * ROOM,
            taken.y + title.y + 3.0 * ROOM,
        );
        let corner = Point::new(size.x, 0.0);
        all.draw_rect(corner, room, &pale(), None, None);
        let title_at = Point::new(corner.x + room.x / 2.0, ROOM / 2.0 + title.y / 2.0);
        all.draw_text(title_at, &name, &look());
        let left = (room.x - taken.x) / 2.0;
        all.put(inner, Point::new(corner.x + left, title.y + 1.5 * ROOM));
        size = Point::new(corner.x + room.x + ROOM, size.y.max(room.y));
    }
    Some((all, Point::new(size.x - ROOM, size.y)))
}

fn look() -> StyleAttr {
    StyleAttr::new(
        Color::fast("black"),
        1,
        Some(Color::fast("white")),
        4,
        FONT_SIZE,
    )
}

fn paper() -> StyleAttr {
    StyleAttr::new(
        Color::fast("white"),
        0,
        Some(Color::fast("white")),
        0,
        FONT_SIZE,
    )
}

fn pale() -> StyleAttr {
    StyleAttr::new(
        Color::fast("gray"),
        1,
        Some(Color::fast("whitesmoke")),
        4,
        FONT_SIZE,
    )
}

fn element(shape: ShapeKind, look: StyleAttr, size: Point) -> Element {
    Element::create(shape, look, Orientation::TopToBottom, size)
}

fn circle(text: &str) -> Element {
    let size = text_size(text, FONT_SIZE).add(Point::splat(2.0 * ROOM));
    element(ShapeKind::new_circle(text), look(), size)
}

fn shape(state: &State) -> Element {
    let text = label(state);
    match state.kind {
        StateKind::Choice(_) | StateKind::Succeed(_) | StateKind::Fail(_) => circle(&text),
        _ => {
            let size = text_size(&text, FONT_SIZE).add(Point::splat(1.5 * ROOM));
            element(ShapeKind::new_box(&text), look(), size)
        }
    }
}

fn frame(state: &State, inside: Point) -> Element {
    let title = text_size(&label(state), FONT_SIZE);
    let size = Point::new(
        inside.x.max(title.x) + 2.0 * ROOM,
        inside.y + title.y + 2.0 * ROOM,
    );
    element(ShapeKind::new_box(""), look(), size)
}

fn way(text: &str) -> Line {
    let mut way = Line::simple(text);
    way.look = look();
    way
}
