//! Checks an order and adds up what it costs.

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, log};

/// An order of more lines than this is a mistake.
const ITEMS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    sku: String,
    quantity: u32,
    price_cents: u64,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    total_cents: u64,
    units: u64,
}

fn validate_order(order: Order) -> Result<Checked, Failure> {
    if order.items.is_empty() || order.items.len() > ITEMS_MAX {
        return Err(invalid(format!("an order has 1 to {ITEMS_MAX} items")));
    }
    let mut checked = Checked {
        total_cents: 0,
        units: 0,
    };
    for Item {
        sku,
        quantity,
        price_cents,
    } in order.items
    {
        if quantity == 0 {
            return Err(invalid(format!("none of {sku} is ordered")));
        }
        let quantity = u64::from(quantity);
        let total = price_cents
            .checked_mul(quantity)
            .and_then(|p| p.checked_add(checked.total_cents));
        checked.total_cents = total.ok_or_else(|| invalid(format!("{sku} costs too much")))?;
        checked.units += quantity;
    }
    log::info!(
        "order checked",
        order = order.order_id,
        total_cents = checked.total_cents
    );
    Ok(checked)
}

fn invalid(cause: String) -> Failure {
    Failure::new("InvalidOrder", cause)
}

stepwell_task::export!(validate_order);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(items: &[(u32, u64)], want: Result<Checked, &str>) {
        let item = |&(quantity, price_cents): &(u32, u64)| Item {
            sku: "lamp".to_owned(),
            quantity,
            price_cents,
        };
        let order = Order {
            order_id: "1".to_owned(),
            items: items.iter().map(item).collect(),
        };
        let got = validate_order(order);
        assert_eq!(
            got.as_ref().map_err(Failure::cause),
            want.as_ref().map_err(|cause| *cause)
        );
    }

    #[test]
    fn prices_add_up() {
        check(
            &[(2, 1500), (1, 250)],
            Ok(Checked {
                total_cents: 3250,
                units: 3,
            }),
        );
    }

    #[test]
    fn an_order_is_of_something_and_within_bounds() {
        check(&[], Err("an order has 1 to 100 items"));
        check(&[(1, 1); 101], Err("an order has 1 to 100 items"));
        check(&[(1, 1), (0, 1)], Err("none of lamp is ordered"));
        check(&[(2, u64::MAX)], Err("lamp costs too much"));
    }
}
