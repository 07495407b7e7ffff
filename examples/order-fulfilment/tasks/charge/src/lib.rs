//! Charges a card through a bank whose line is bad.

use std::fmt;

use serde::{Deserialize, Serialize};
use stepwell_task::{NamedError, context, log};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Charge {
    card: String,
    total_cents: u64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    charge_id: String,
    total_cents: u64,
    attempts: u32,
}

/// What can go wrong, each under the name by which the definition knows it.
#[derive(Debug, PartialEq)]
enum ChargeError {
    /// Worth another try.
    BankUnavailable { attempt: u32 },
    /// Final.
    CardDeclined,
}

impl NamedError for ChargeError {
    fn name(&self) -> &str {
        match self {
            Self::BankUnavailable { .. } => "BankUnavailable",
            Self::CardDeclined => "CardDeclined",
        }
    }
}

impl fmt::Display for ChargeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BankUnavailable { attempt } => write!(f, "no answer at attempt {attempt}"),
            Self::CardDeclined => f.write_str("the bank declines this card"),
        }
    }
}

fn charge(charge: Charge) -> Result<Receipt, ChargeError> {
    let context = context();
    let receipt = ask_bank(charge, context.retry_count)?;
    // The bank knows a repeated attempt by this key, and would not charge twice.
    log::info!(
        "card charged",
        charge = receipt.charge_id,
        key = context.idempotency_key
    );
    Ok(receipt)
}

/// Stands in for a bank: it never answers the first two attempts. A sandbox has no chance
/// of its own, so this too is the same each time.
fn ask_bank(charge: Charge, retry_count: u32) -> Result<Receipt, ChargeError> {
    if retry_count < 2 {
        return Err(ChargeError::BankUnavailable {
            attempt: retry_count + 1,
        });
    }
    if charge.card.ends_with("0002") {
        return Err(ChargeError::CardDeclined);
    }
    let last_digits = charge.card.chars().rev().take(4).collect::<String>();
    Ok(Receipt {
        charge_id: format!("C-{}", last_digits.chars().rev().collect::<String>()),
        total_cents: charge.total_cents,
        attempts: retry_count + 1,
    })
}

stepwell_task::export!(charge);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(card: &str, retry_count: u32, want: Result<&str, ChargeError>) {
        let charge = Charge {
            card: card.to_owned(),
            total_cents: 5,
        };
        let got = ask_bank(charge, retry_count).map(|receipt| receipt.charge_id);
        assert_eq!(got.as_deref(), want.as_ref().copied());
    }

    #[test]
    fn the_third_attempt_gets_through() {
        check(
            "4000 0000 0000 1234",
            0,
            Err(ChargeError::BankUnavailable { attempt: 1 }),
        );
        check(
            "4000 0000 0000 1234",
            1,
            Err(ChargeError::BankUnavailable { attempt: 2 }),
        );
        check("4000 0000 0000 1234", 2, Ok("C-1234"));
        check("4000 0000 0000 0002", 2, Err(ChargeError::CardDeclined));
    }
}
