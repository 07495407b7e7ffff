//! Takes the amount that was authorised: once, however often it is asked.

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, context, log};

/// What one authorisation covers in this example.
const AMOUNT_CENTS_MAX: u64 = 50_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorisation {
    authorisation_id: String,
    amount_cents: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Capture {
    authorisation_id: String,
    amount_cents: u64,
    idempotency_key: String,
}

fn capture(authorisation: Authorisation) -> Result<Capture, Failure> {
    let Authorisation {
        authorisation_id,
        amount_cents,
    } = authorisation;
    if amount_cents > AMOUNT_CENTS_MAX {
        let cause = format!("{amount_cents} cents are more than {AMOUNT_CENTS_MAX}");
        return Err(Failure::new("CaptureRefused", cause));
    }
    // A crash between the bank's answer and its record repeats this attempt under the same
    // key, by which a bank answers again instead of taking the money twice.
    let idempotency_key = context().idempotency_key;
    log::info!(
        "captured",
        authorisation = authorisation_id,
        key = idempotency_key
    );
    Ok(Capture {
        authorisation_id,
        amount_cents,
        idempotency_key,
    })
}

stepwell_task::export!(capture);
