//! Places in a definition: the way from its root to a value, as AWS prints it.
//!
//! A [`Place`] lives on the stack of the parser and costs nothing until a problem is
//! reported; a [`Location`] is the same, kept.

use std::fmt::Write;

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
    /// `Output/x`, `Choices[0]/Condition`.
    pub(crate) fn below(&self, depth: usize) -> String {
        let way = pointer(self.steps().get(depth..).unwrap_or_default());
        way.trim_start_matches('/').to_owned()
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

    /// Keeps it.
    pub(crate) fn kept(&self) -> Location {
        Location(
            self.steps()
                .into_iter()
                .map(|step| match step {
                    Step::Key(key) => KeptStep::Key(key.to_owned()),
                    Step::Index(index) => KeptStep::Index(index),
                })
                .collect(),
        )
    }
}

/// A place that outlives the parser.
#[derive(Clone, Debug, Default)]
pub struct Location(Vec<KeptStep>);

#[derive(Clone, Debug)]
enum KeptStep {
    Key(String),
    Index(usize),
}

impl Location {
    /// The value of this field in it.
    #[must_use]
    pub(crate) fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(KeptStep::Key(key.to_owned()));
        Self(steps)
    }

    /// This element of it.
    #[must_use]
    pub(crate) fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(KeptStep::Index(index));
        Self(steps)
    }

    /// The steps from the root.
    pub(crate) fn steps(&self) -> Vec<Step<'_>> {
        self.0
            .iter()
            .map(|step| match step {
                KeptStep::Key(key) => Step::Key(key),
                KeptStep::Index(index) => Step::Index(*index),
            })
            .collect()
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
            pointer(&branch.kept().key("StartAt").steps()),
            "/States/a/b/Branches[1]/StartAt"
        );
    }
}
