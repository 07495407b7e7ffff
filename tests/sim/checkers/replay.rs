//! State is the fold of its records, and commands are a function of the state.

use std::sync::Arc;

use asl::history::Record;
use asl::interpreter::Execution;

pub(in crate::sim) fn check(live: &Execution, records: &[Record]) -> Result<(), String> {
    let (machine, identity) = (Arc::clone(live.machine()), Arc::clone(live.identity()));
    let folded = Execution::replay(machine, identity, records);
    if folded != *live {
        return Err(format!("the fold differs:\n{folded:?}\nlived:\n{live:?}"));
    }
    if folded.pending() != live.pending() {
        return Err("what is outstanding differs after a replay".into());
    }
    Ok(())
}
