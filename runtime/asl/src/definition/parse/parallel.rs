//! Parallel.

use super::fields::{Fields, Shape};
use super::flow::Site;
use super::retry;
use crate::definition::{Flow, Parallel};

pub(super) const SHAPE: Shape = Shape {
    required: &["Branches"],
    both: &["Assign", "Branches", "Catch", "Retry"],
    jsonpath: &["Parameters", "ResultPath", "ResultSelector"],
    jsonata: &["Arguments"],
    exclusive: &[],
    one_of: &[],
};

const BRANCH: Shape = Shape {
    required: &["States", "StartAt"],
    both: &["Comment", "StartAt", "States"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

pub(super) fn read(site: &Site<'_>, fields: &Fields<'_>) -> Option<Parallel> {
    let branches = branches(site, fields);
    let retry = retry::retriers(fields);
    let catch = retry::catchers(site, fields);
    Some(Parallel {
        branches: branches?,
        retry: retry?,
        catch: catch?,
    })
}

fn branches(site: &Site<'_>, fields: &Fields<'_>) -> Option<Vec<Flow>> {
    let items = fields.filled_array("Branches")?;
    let list = fields.place.key("Branches");
    let branches: Vec<Option<Flow>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let branch = fields.part(list.index(index), item)?;
            branch.check(&[&BRANCH], false);
            site.machine.flow(&branch, Some(site.id))
        })
        .collect();
    branches.into_iter().collect()
}
