//! The definition as data: what `parse` makes of the text, and the interpreter runs.
//!
//! All states of a machine, nested ones too, stand in one list; a state is named by its
//! place in it ([`StateId`]), since names are unique in the whole machine. Paths and
//! expressions are parsed once, here. Nothing in this module evaluates anything.
//!
//! Read [`StateMachine`] first, then [`State`].

pub(crate) mod api_fields;
mod choice;
mod data_flow;
mod fail;
mod map;
mod parallel;
pub mod parse;
mod pass;
mod retry;
mod succeed;
mod task;
mod wait;

use std::collections::HashMap;
use std::sync::Arc;

use crate::history::StateType;

pub use choice::{Choice, Comparison, Condition, Operand, Relation, Rule, Test};
pub use data_flow::{Expression, Field, Operations, Query, ResultPath, Selector, Template};
pub use fail::{Fail, Text};
pub use map::{Distributed, ExecutionType, Items, Map, Number};
pub use parallel::Parallel;
pub use parse::{Parsed, parse};
pub use pass::Pass;
pub use retry::{Catcher, Jitter, Retrier};
pub use succeed::Succeed;
pub use task::{Pattern, Resource, Seconds, Task};
pub use wait::{Until, Wait};

/// A whole state machine.
#[derive(Clone, Debug)]
pub struct StateMachine {
    /// The author's comment.
    pub comment: Option<String>,
    /// The language of states that name none.
    pub language: QueryLanguage,
    /// Longest time of an execution, in seconds.
    pub timeout_seconds: Option<u64>,
    /// The outermost flow.
    pub flow: Flow,
    /// Every state, nested ones too.
    pub states: Vec<State>,
    /// Where each name stands in `states`.
    pub ids: HashMap<Arc<str>, StateId>,
}

impl StateMachine {
    /// The state of this id; ids come from this same machine.
    pub fn state(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }
}

/// A state's place in [`StateMachine::states`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(pub u32);

/// States that run one after another: the machine itself, a branch, an item processor.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Where it begins.
    pub start_at: StateId,
    /// Its own states, in the order of the text; not those nested in them.
    pub states: Vec<StateId>,
}

/// The language in which a state's expressions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// Paths and intrinsic functions: the default.
    #[default]
    JsonPath,
    /// `{% … %}`.
    Jsonata,
}

/// One state.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name, unique in the machine.
    pub name: Arc<str>,
    /// The author's comment.
    pub comment: Option<String>,
    /// Its query language.
    pub language: QueryLanguage,
    /// What becomes of its input and result.
    pub operations: Operations,
    /// What follows it. [`Transition::End`] for Succeed and Fail, and for a Choice, whose
    /// rules say it instead.
    pub transition: Transition,
    /// What it does.
    pub kind: StateKind,
}

/// What follows a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `Next`
    Next(StateId),
    /// `End: true`
    End,
}

/// What a state does.
#[derive(Clone, Debug)]
pub enum StateKind {
    /// Passes its input on, or a fixed result.
    Pass(Pass),
    /// Has work done.
    Task(Box<Task>),
    /// Decides what follows.
    Choice(Choice),
    /// Waits.
    Wait(Wait),
    /// Ends its flow well.
    Succeed(Succeed),
    /// Ends its flow badly.
    Fail(Fail),
    /// Runs branches side by side.
    Parallel(Parallel),
    /// Runs one flow for each item.
    Map(Box<Map>),
}

impl StateKind {
    /// The `Type`, as the definition and the history's event names spell it.
    pub fn name(&self) -> &'static str {
        self.history_type().as_str()
    }

    /// Its Retriers, in order; empty where the type has none.
    pub fn retriers(&self) -> &[Retrier] {
        match self {
            Self::Task(task) => &task.retry,
            Self::Parallel(parallel) => &parallel.retry,
            Self::Map(map) => &map.retry,
            _ => &[],
        }
    }

    /// Its Catchers, in order; empty where the type has none.
    pub fn catchers(&self) -> &[Catcher] {
        match self {
            Self::Task(task) => &task.catch,
            Self::Parallel(parallel) => &parallel.catch,
            Self::Map(map) => &map.catch,
            _ => &[],
        }
    }

    /// The type, as history's events bear it.
    pub fn history_type(&self) -> StateType {
        match self {
            Self::Pass(_) => StateType::Pass,
            Self::Task(_) => StateType::Task,
            Self::Choice(_) => StateType::Choice,
            Self::Wait(_) => StateType::Wait,
            Self::Succeed(_) => StateType::Succeed,
            Self::Fail(_) => StateType::Fail,
            Self::Parallel(_) => StateType::Parallel,
            Self::Map(_) => StateType::Map,
        }
    }

    /// Whether its work gives a result, so that `$states.result` means something.
    pub fn has_result(&self) -> bool {
        matches!(self, Self::Task(_) | Self::Parallel(_) | Self::Map(_))
    }
}
