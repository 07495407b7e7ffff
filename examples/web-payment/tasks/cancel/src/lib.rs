//! Lets go of an amount held on a card: what undoes `authorise`.

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, log};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorisation {
    authorisation_id: String,
}

#[derive(Serialize)]
struct Cancelled {
    cancelled: String,
}

fn cancel(authorisation: Authorisation) -> Result<Cancelled, Failure> {
    log::warn!(
        "authorisation cancelled",
        authorisation = authorisation.authorisation_id
    );
    Ok(Cancelled {
        cancelled: authorisation.authorisation_id,
    })
}

stepwell_task::export!(cancel);
