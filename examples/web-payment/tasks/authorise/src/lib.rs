//! Asks a bank to hold an amount on a card.

use std::fmt;

use serde::{Deserialize, Serialize};
use stepwell_task::{NamedError, context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment_id: String,
    card: String,
    amount_cents: u64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Authorisation {
    authorisation_id: String,
    amount_cents: u64,
}

#[derive(Debug, PartialEq)]
enum AuthoriseError {
    GatewayTimeout,
    CardDeclined,
}

impl NamedError for AuthoriseError {
    fn name(&self) -> &str {
        match self {
            Self::GatewayTimeout => "GatewayTimeout",
            Self::CardDeclined => "CardDeclined",
        }
    }
}

impl fmt::Display for AuthoriseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GatewayTimeout => "the gateway did not answer in time",
            Self::CardDeclined => "the bank declines this card",
        })
    }
}

fn authorise(payment: Payment) -> Result<Authorisation, AuthoriseError> {
    ask_gateway(payment, context().retry_count)
}

/// Stands in for a gateway: it is slow the first time, and knows two cards by their ends.
fn ask_gateway(payment: Payment, retry_count: u32) -> Result<Authorisation, AuthoriseError> {
    if payment.card.ends_with("0002") {
        return Err(AuthoriseError::CardDeclined);
    }
    if retry_count == 0 || payment.card.ends_with("0044") {
        return Err(AuthoriseError::GatewayTimeout);
    }
    Ok(Authorisation {
        authorisation_id: format!("AUTH-{}", payment.payment_id),
        amount_cents: payment.amount_cents,
    })
}

stepwell_task::export!(authorise);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(card: &str, retry_count: u32, want: Result<&str, AuthoriseError>) {
        let payment_id = "P-1".to_owned();
        let payment = Payment {
            payment_id,
            card: card.to_owned(),
            amount_cents: 5,
        };
        let got = ask_gateway(payment, retry_count).map(|granted| granted.authorisation_id);
        assert_eq!(got, want.map(str::to_owned));
    }

    #[test]
    fn a_good_card_needs_two_attempts() {
        check("1234", 0, Err(AuthoriseError::GatewayTimeout));
        check("1234", 1, Ok("AUTH-P-1"));
        check("0044", 9, Err(AuthoriseError::GatewayTimeout));
        check("0002", 0, Err(AuthoriseError::CardDeclined));
    }
}
