//! Places in a definition: the way from its root to a value, as AWS prints it.
//!
//! A [`Place`] lives on the stack of the parser and costs nothing until a problem is
//! reported; a [`Location`] is the same, kept.

use std::fmt::Write;
use std::sync::Arc;

use crate::limits;

/// One step down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Into an object.
    Key(&'a str),
    /// Into an array.
    Index(usize),
}

/// A place, as a list that grows with the parser's stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Option<Step<'a>>,
    depth: usize,
}

impl<'a> Place<'a> {
    /// The whole definition.
    pub(crate) const ROOT: Self = Self {
        parent: None,
        step: None,
        depth: 0,
    };

    /// The value of this field.
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        self.down(Step::Key(key))
    }

    /// This element.
    pub(crate) fn index(&'a self, index: usize) -> Self {
        self.down(Step::Index(index))
    }

    fn down(&'a self, step: Step<'a>) -> Self {
        Self {
            parent: Some(self),
            step: Some(step),
            depth: self.depth + 1,
        }
    }

    /// How many steps it is from the root.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// The way from the place `depth` steps below the root, without a leading slash:
    /// `Output/x`, `Choices[0]/Condition`; at most [`limits::FIELD_CHARS_MAX`] characters.
    pub(crate) fn below(&self, depth: usize) -> String {
        let mut way = String::new();
        // The key of an object may be as long as the definition, and stand above thousands.
        let mut room = limits::FIELD_CHARS_MAX;
        for step in self.steps().get(depth..).unwrap_or_default() {
            let next: String = match step {
                Step::Key(key) if way.is_empty() => key.chars().take(room).collect(),
                Step::Key(key) => ['/'].into_iter().chain(key.chars()).take(room).collect(),
                Step::Index(index) => format!("[{index}]"),
            };
            way.push_str(&next);
            room = room.saturating_sub(next.chars().count());
            if room == 0 {
                break;
            }
        }
        way
    }

    /// The steps from the root.
    pub(crate) fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = Vec::with_capacity(self.depth);
        let mut place = Some(self);
        while let Some(Self { parent, step, .. }) = place {
            steps.extend(*step);
            place = *parent;
        }
        steps.reverse();
        steps
    }
}

/// A place that outlives the parser. What is above it is shared with its neighbours.
#[derive(Clone, Debug, Default)]
pub struct Location(Option<Arc<Kept>>);

#[derive(Debug)]
struct Kept {
    parent: Location,
    step: KeptStep,
}

#[derive(Debug)]
enum KeptStep {
    Key(Box<str>),
    Index(usize),
}

impl Location {
    /// The value of this field in it.
    #[must_use]
    pub(crate) fn key(&self, key: &str) -> Self {
        self.down(KeptStep::Key(key.into()))
    }

    /// This element of it.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Self {
        self.down(KeptStep::Index(index))
    }

    /// What is these steps below it.
    #[must_use]
    pub(crate) fn below(&self, steps: &[Step<'_>]) -> Self {
        steps.iter().fold(self.clone(), |place, step| match step {
            Step::Key(key) => place.key(key),
            Step::Index(index) => place.index(*index),
        })
    }

    fn down(&self, step: KeptStep) -> Self {
        let parent = self.clone();
        Self(Some(Arc::new(Kept { parent, step })))
    }

    /// The steps from the root.
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        let mut place = self;
        while let Some(kept) = &place.0 {
            steps.push(match &kept.step {
                KeptStep::Key(key) => Step::Key(key),
                KeptStep::Index(index) => Step::Index(*index),
            });
            place = &kept.parent;
        }
        steps.reverse();
        steps
    }
}

/// As AWS prints a location: `/States/P/Branches[0]`, `/` for the root. Keys stand as they
/// are, even with a slash in them.
pub(crate) fn pointer(steps: &[Step<'_>]) -> String {
    if steps.is_empty() {
        return "/".to_owned();
    }
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Key(key) => {
                text.push('/');
                text.push_str(key);
            }
            Step::Index(index) => write!(text, "[{index}]").expect("a String takes all"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_aws_does() {
        let root = Place::ROOT;
        let states = root.key("States");
        let state = states.key("a/b");
        let branches = state.key("Branches");
        let branch = branches.index(1);
        assert_eq!(pointer(&root.steps()), "/");
        assert_eq!(pointer(&branch.steps()), "/States/a/b/Branches[1]");
        assert_eq!(
            pointer(
                &Location::default()
                    .below(&branch.steps())
                    .key("StartAt")
                    .steps()
            ),
            "/States/a/b/Branches[1]/StartAt"
        );
    }
}
