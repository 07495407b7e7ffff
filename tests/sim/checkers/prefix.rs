//! Nothing lost, nothing changed: each story goes on from the one before it, and ends as
//! its client was told.

use asl::history::{Detail, Record, decode, encode};
use asl::interpreter::End;

/// The later story begins with the earlier one, and survives being stored.
pub(in crate::sim) fn check(earlier: &[Record], later: &[Record]) -> Result<(), String> {
    if later.len() < earlier.len() || later[..earlier.len()] != *earlier {
        return Err("a crash changed what was durable".into());
    }
    match decode(&encode(later)) {
        Ok(again) if again == later => Ok(()),
        Ok(_) => Err("records are not read as they were written".into()),
        Err(why) => Err(format!("records cannot be read again: {why}")),
    }
}

/// The story's end is what the client was answered.
pub(in crate::sim) fn ended_so(story: &[Record], end: &End) -> Result<(), String> {
    let last = story.iter().rev().find_map(|record| match record {
        Record::Event(_, event) => Some(&event.detail),
        Record::Note(_) => None,
    });
    let same = match (last, end) {
        (Some(Detail::ExecutionSucceeded { output }), End::Succeeded(told)) => output == told,
        (Some(Detail::ExecutionFailed(failure)), End::Failed(told))
        | (Some(Detail::ExecutionTimedOut(failure)), End::TimedOut(told))
        | (Some(Detail::ExecutionAborted(failure)), End::Aborted(told)) => failure == told,
        _ => false,
    };
    if same {
        Ok(())
    } else {
        Err(format!(
            "the client was told {end:?}, the story ends {last:?}"
        ))
    }
}
