//! Histories recorded from AWS, run here and compared whole.
//!
//! The recordings are no part of the project: `recordings` finds them. A case that needs what
//! does not exist yet is listed by name with its reason, never dropped in silence.

mod bucket;
mod case;
mod compare;
mod functions;
mod queue;
mod run;

pub(crate) use bucket::{RESOURCES as OF_BUCKETS, Shelf, named as named_buckets};
pub(crate) use case::{ACCOUNT, as_sent, other_order, restore_white_space, unsupported};
pub(crate) use compare::{Bindings, history as compare_histories, value as compare};
pub(crate) use functions::Functions;
pub(crate) use queue::{Queue, RESOURCES};

use case::Case;

use crate::recordings;

#[test]
fn histories_are_as_recorded() {
    let Some(folder) = recordings::folder("aws") else {
        return;
    };
    let only = std::env::var("STEPWELL_CASE").unwrap_or_default();
    let (mut passed, mut left_out, mut failed) = (0, Vec::new(), Vec::new());
    for path in recordings::files(&folder) {
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let case = Case::parse(&text);
        if !case.name.contains(&only) {
            continue;
        }
        if let Some(reason) = case.out_of_reach() {
            left_out.push(format!("{}: {reason}", case.name));
            continue;
        }
        match run::check(&case) {
            Ok(()) => passed += 1,
            Err(why) => failed.push(format!("{}: {why}", case.name)),
        }
    }
    println!(
        "recorded histories: {passed} pass, {} left out",
        left_out.len()
    );
    for line in &left_out {
        println!("  left out  {line}");
    }
    assert!(
        failed.is_empty(),
        "{} of {} differ:\n{}",
        failed.len(),
        failed.len() + passed,
        failed.join("\n")
    );
}
