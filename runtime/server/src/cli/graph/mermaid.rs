//! A state machine as a Mermaid flow chart; what runs inside a state stands in a frame of its own.

use std::fmt::Write;

use asl::definition::{Flow, StateKind, StateMachine};

use super::{Arrow, arrows, inner_flows, label};

pub(super) fn text(machine: &StateMachine) -> String {
    let mut text = String::from("flowchart TD\n    start((start)) --> ");
    let _ = writeln!(text, "s{}", machine.flow.start_at.0);
    states(machine, &machine.flow, 1, &mut text);
    ways(machine, &machine.flow, &mut text);
    text
}

/// Nesting is bounded by the definition's own depth.
fn states(machine: &StateMachine, flow: &Flow, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    for id in &flow.states {
        let state = machine.state(*id);
        let (open, close) = match state.kind {
            StateKind::Choice(_) => ("{", "}"),
            StateKind::Succeed(_) | StateKind::Fail(_) => ("([", "])"),
            StateKind::Wait(_) => ("(", ")"),
            _ => ("[", "]"),
        };
        let label = escaped(&label(state));
        let _ = writeln!(text, "{indent}s{}{open}\"{label}\"{close}", id.0);
        for (place, (name, inner)) in inner_flows(state).into_iter().enumerate() {
            let title = escaped(&format!("{}: {name}", state.name));
            let _ = writeln!(text, "{indent}subgraph s{}f{place} [\"{title}\"]", id.0);
            states(machine, inner, depth + 1, text);
            let _ = writeln!(text, "{indent}end");
        }
    }
}

/// The arrows, and those into what runs inside.
fn ways(machine: &StateMachine, flow: &Flow, text: &mut String) {
    for Arrow { from, to, label } in arrows(machine, flow) {
        let label = match label.as_str() {
            "" => String::new(),
            label => format!("|\"{}\"|", escaped(label)),
        };
        let _ = writeln!(text, "    s{} -->{label} s{}", from.0, to.0);
    }
    for id in &flow.states {
        for (name, inner) in inner_flows(machine.state(*id)) {
            let start = inner.start_at.0;
            let _ = writeln!(text, "    s{} -.->|\"{name}\"| s{start}", id.0);
            ways(machine, inner, text);
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
