//! Where the engine looks up what executions name: activities and state machines. They are
//! kept by others; the engine only asks.

/// Knows what there is.
pub trait Directory: Send + Sync + 'static {
    /// Whether an activity of this ARN exists. Asked in the middle of a step: must not block
    /// for long.
    fn has_activity(&self, arn: &str) -> bool;
}

/// An empty directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Directory for Nothing {
    fn has_activity(&self, _: &str) -> bool {
        false
    }
}

/// The directory as a step sees it.
pub(crate) struct Known<'a>(pub(crate) &'a dyn Directory);

impl asl::interpreter::Activities for Known<'_> {
    fn exists(&self, arn: &str) -> bool {
        self.0.has_activity(arn)
    }
}
