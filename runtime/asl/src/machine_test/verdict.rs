//! From where a case ended to what is wrong with it.

use std::sync::Arc;

use serde_json::Value;

use super::compare::differences;
use super::complaint::{Complaint, shown};
use super::file::{Case, Expect};
use super::stage::{ActorId, EVENTS_MAX, Stage, Stopped};
use crate::history::{EventId, ScopeId};
use crate::interpreter::{End, Execution};
use crate::{Failure, Timestamp};

/// Everything that is not as the case expects; what kept it from its end comes first.
pub(super) fn complaints(
    stage: &Stage<'_, '_>,
    case: &Case,
    start: Timestamp,
    played: Result<(), Stopped>,
) -> Vec<Complaint> {
    if let Err(stopped) = played {
        return vec![stopped_by(stage, stopped)];
    }
    let Some(end) = stage.first().and_then(Execution::end) else {
        return Vec::new();
    };
    let last = stage.path.last(ActorId::FIRST, ScopeId::ROOT);
    let mut found = Vec::new();
    found.extend(of_path(stage, &case.expect));
    of_end(&case.expect, end, last, &mut found);
    found.extend(of_time(stage, &case.expect, start));
    found.extend(stage.script().unused().map(|unused| {
        let times = match unused.left {
            1 => "once more".to_owned(),
            left => format!("{left} more times"),
        };
        let mut complaint = Complaint::about("mock").says(format!(
            "answer {} would answer {times}, and nobody asked",
            unused.place + 1
        ));
        complaint.state = Some(unused.state.into());
        complaint
    }));
    found
}

fn stopped_by(stage: &Stage<'_, '_>, stopped: Stopped) -> Complaint {
    match stopped {
        Stopped::Unanswered {
            state,
            event,
            attempt,
            input,
        } => {
            let asked = shown(&Some(input.value().clone()));
            let answers = match stage.script().count(&state) {
                0 => "the case has no answer for it".to_owned(),
                1 => "the case's one answer is used up or does not fit".to_owned(),
                count => format!("the case's {count} answers are used up or do not fit"),
            };
            Complaint::about("mock")
                .at(Some((state, event)))
                .says(format!(
                    "attempt {attempt} was given {asked}, and {answers}"
                ))
        }
        Stopped::NoItems { state, event } => Complaint::about("mock")
            .at(Some((state, event)))
            .says("the ItemReader asks for items: answer with \"items\", or for the whole Map"),
        Stopped::Stuck { waiting } => Complaint::about("end").says(format!(
            "it waits for ever in {}: an answer that never comes, and no timeout",
            waiting.join(", ")
        )),
        Stopped::TooManyEvents => Complaint::about("end")
            .at(stage.path.last(ActorId::FIRST, ScopeId::ROOT))
            .says(format!("no end after {EVENTS_MAX} events")),
    }
}

fn of_path(stage: &Stage<'_, '_>, expect: &Expect) -> Option<Complaint> {
    let parting = stage.path.parting(expect.path.as_deref()?)?;
    let (name, event) = parting.actual.unzip();
    let mut complaint = Complaint::about("path").differs(
        Some(parting.expected.map_or("the end".into(), Value::String)),
        Some(name.map_or("the end".into(), |name| Value::from(&*name))),
    );
    complaint.place = parting.place;
    complaint.event = event;
    Some(complaint)
}

/// `last` is the state the execution was in at last.
fn of_end(
    expect: &Expect,
    end: &End,
    last: Option<(Arc<str>, EventId)>,
    found: &mut Vec<Complaint>,
) {
    let fails = expect.error.is_some() || expect.cause.is_some();
    match end {
        End::Succeeded(_) if fails => {
            let wanted = expect.error.as_ref().or(expect.cause.as_ref());
            let wanted = wanted.map(|text| Value::from(text.as_str()));
            found.push(Complaint::about("end").at(last).says(format!(
                "expected a failure, {}, but it succeeded",
                shown(&wanted)
            )));
        }
        End::Succeeded(output) => {
            let both = [(&expect.output, true), (&expect.output_has, false)];
            for (wanted, is_whole) in both {
                let Some(wanted) = wanted else { continue };
                for one in differences(wanted, output.value(), is_whole) {
                    let mut complaint = Complaint::about("output")
                        .at(last.clone())
                        .differs(one.expected.cloned(), one.actual.cloned());
                    complaint.place = one.pointer;
                    found.push(complaint);
                }
            }
        }
        End::Failed(failure) | End::TimedOut(failure) | End::Aborted(failure) if fails => {
            of_failure(expect, failure, last, found);
        }
        End::Failed(failure) | End::TimedOut(failure) | End::Aborted(failure)
            if expect.output.is_some() || expect.output_has.is_some() =>
        {
            let cause = failure.cause.as_deref().unwrap_or_default();
            let told = format!(
                "expected an output, but it failed: {}: {cause}",
                name(failure)
            );
            found.push(
                Complaint::about("end")
                    .at(last)
                    .says(told.trim_end_matches(": ")),
            );
        }
        End::Failed(_) | End::TimedOut(_) | End::Aborted(_) => {}
    }
}

fn of_failure(
    expect: &Expect,
    failure: &Failure,
    last: Option<(Arc<str>, EventId)>,
    found: &mut Vec<Complaint>,
) {
    let error = failure.error.as_ref().map(|error| error.as_str());
    let cause = failure.cause.as_deref();
    let both = [
        ("error", &expect.error, error),
        ("cause", &expect.cause, cause),
    ];
    for (about, wanted, got) in both {
        let Some(wanted) = wanted else { continue };
        if Some(wanted.as_str()) == got {
            continue;
        }
        let mut complaint = Complaint::about(about)
            .at(last.clone())
            .differs(Some(wanted.as_str().into()), got.map(Value::from));
        // Another error than expected is understood by its cause.
        if let (None, Some(cause)) = (&expect.cause, cause) {
            let (wanted, got) = (shown(&complaint.expected), shown(&complaint.actual));
            complaint = complaint.says(format!("expected {wanted}, got {got}: {cause}"));
        }
        found.push(complaint);
    }
}

fn name(failure: &Failure) -> &str {
    match failure.error_name() {
        "" => "an error without a name",
        name => name,
    }
}

/// To the millisecond: the clock knows no less.
fn of_time(stage: &Stage<'_, '_>, expect: &Expect, start: Timestamp) -> Option<Complaint> {
    let wanted = expect.seconds?;
    let passed = stage.now.0.saturating_sub(start.0);
    let is_same = (wanted * 1000.0).round() as i64 == passed;
    (!is_same).then(|| {
        let passed = passed as f64 / 1000.0;
        Complaint::about("seconds").differs(Some(wanted.into()), Some(passed.into()))
    })
}
