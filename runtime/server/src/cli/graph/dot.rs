//! A state machine in Graphviz's language; what runs inside a state is a cluster.

use std::fmt::Write;

use asl::definition::{Flow, StateKind, StateMachine};

use super::{Arrow, arrows, inner_flows, label};

pub(super) fn text(machine: &StateMachine) -> String {
    let mut text =
        String::from("digraph state_machine {\n    start [shape=circle, label=\"start\"];\n");
    states(machine, &machine.flow, 1, &mut text);
    let _ = writeln!(text, "    start -> s{};", machine.flow.start_at.0);
    ways(machine, &machine.flow, &mut text);
    text.push_str("}\n");
    text
}

/// Nesting is bounded by the definition's own depth.
fn states(machine: &StateMachine, flow: &Flow, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth);
    for id in &flow.states {
        let state = machine.state(*id);
        let shape = match state.kind {
            StateKind::Choice(_) => "diamond",
            StateKind::Succeed(_) | StateKind::Fail(_) => "ellipse",
            _ => "box",
        };
        let label = quoted(&label(state));
        let _ = writeln!(
            text,
            "{indent}s{} [shape={shape}, label=\"{label}\"];",
            id.0
        );
        for (place, (name, inner)) in inner_flows(state).into_iter().enumerate() {
            let title = quoted(&format!("{}: {name}", state.name));
            let _ = writeln!(text, "{indent}subgraph cluster_s{}_{place} {{", id.0);
            let _ = writeln!(text, "{indent}    label=\"{title}\"; style=dashed;");
            states(machine, inner, depth + 1, text);
            let _ = writeln!(text, "{indent}}}");
        }
    }
}

/// The arrows, and those into what runs inside.
fn ways(machine: &StateMachine, flow: &Flow, text: &mut String) {
    for Arrow { from, to, label } in arrows(machine, flow) {
        let label = quoted(&label);
        let _ = writeln!(text, "    s{} -> s{} [label=\"{label}\"];", from.0, to.0);
    }
    for id in &flow.states {
        for (name, inner) in inner_flows(machine.state(*id)) {
            let start = inner.start_at.0;
            let _ = writeln!(
                text,
                "    s{} -> s{start} [label=\"{name}\", style=dashed];",
                id.0
            );
            ways(machine, inner, text);
        }
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
