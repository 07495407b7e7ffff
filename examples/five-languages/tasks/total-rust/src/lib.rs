//! Adds up the lines of an order: `[4999, 1250]`, in cents, to their count, sum and largest.

use serde::Serialize;
use stepwell_task::Failure;

/// The sum that every language can still count exactly: 2^53 - 1, as JavaScript has it.
const CENTS_MAX: u64 = (1 << 53) - 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    lines: usize,
    total_cents: u64,
    largest_cents: u64,
}

fn total(cents: Vec<u64>) -> Result<Total, Failure> {
    let largest_cents = *cents
        .iter()
        .max()
        .ok_or_else(|| Failure::new("EmptyOrder", "an order has at least one line"))?;
    let total_cents = cents
        .iter()
        .try_fold(0_u64, |sum, line| sum.checked_add(*line))
        .filter(|sum| *sum <= CENTS_MAX)
        .ok_or_else(|| Failure::new("TooMuch", format!("more than {CENTS_MAX} cents")))?;
    Ok(Total {
        lines: cents.len(),
        total_cents,
        largest_cents,
    })
}

stepwell_task::export!(total);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_added_up() {
        let total = total(vec![4999, 1250, 300]).unwrap_or_else(|failure| panic!("{failure}"));
        let json = serde_json::to_string(&total).expect("plain numbers");
        assert_eq!(json, r#"{"lines":3,"totalCents":6549,"largestCents":4999}"#);
    }

    #[test]
    fn nothing_and_too_much_have_names() {
        let name = |cents| total(cents).map(|_| ()).unwrap_err().error().to_owned();
        assert_eq!(name(vec![]), "EmptyOrder");
        assert_eq!(name(vec![CENTS_MAX, 1]), "TooMuch");
    }
}
