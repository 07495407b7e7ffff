//! Which state leads where, and where everything stands in the text.
//!
//! The rules of [`crate::validate`] go by it: it exists for a definition with dangling
//! transitions too, where there is no machine.

use std::sync::Arc;

use super::place::Location;
use crate::definition::StateId;

/// The machine's flows and states as a graph. States are in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// The flows; the machine's own is the first.
    pub flows: Vec<FlowOutline>,
    /// The states, by id.
    pub states: Vec<StateOutline>,
}

/// A flow as part of the graph.
#[derive(Clone, Debug)]
pub struct FlowOutline {
    /// Where it stands.
    pub location: Location,
    /// The state it is a part of; none for the machine's own.
    pub owner: Option<StateId>,
    /// Where it begins, if that exists.
    pub start: Option<StateId>,
    /// Its own states.
    pub states: Vec<StateId>,
}

/// A state as a part of the graph.
#[derive(Clone, Debug)]
pub struct StateOutline {
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands.
    pub location: Location,
    /// Where it may go on to: by Next, by a rule, by Default, by a Catcher.
    pub next: Vec<StateId>,
    /// Whether its flow may end in it.
    pub ends: bool,
}
