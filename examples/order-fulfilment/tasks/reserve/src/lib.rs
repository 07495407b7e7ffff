//! Sets stock aside for an order.

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, log};

/// How many of each article the warehouse of this example holds.
const STOCK: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
    quantity: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    reservation_id: String,
}

fn reserve(order: Order) -> Result<Reservation, Failure> {
    if let Some(item) = order.items.iter().find(|item| item.quantity > STOCK) {
        let cause = format!("{} of {} wanted, {STOCK} there", item.quantity, item.sku);
        return Err(Failure::new("OutOfStock", cause));
    }
    log::info!("stock reserved", order = order.order_id);
    Ok(Reservation {
        reservation_id: format!("R-{}", order.order_id),
    })
}

stepwell_task::export!(reserve);
