//! Sets stock aside for an order.

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, context, log};

/// The most of one article that the warehouse holds.
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
    units: u32,
}

fn reserve(order: Order) -> Result<Reservation, Failure> {
    for item in &order.items {
        if item.quantity > STOCK {
            let cause = format!("{} × {} wanted, {STOCK} there", item.quantity, item.sku);
            return Err(Failure::new("OutOfStock", cause));
        }
    }
    let units = order.items.iter().map(|item| item.quantity).sum();
    log::info!("stock reserved", order = order.order_id, units = units);
    // The same text if this attempt is repeated: the warehouse would know it again.
    Ok(Reservation {
        reservation_id: format!("res-{}", context().idempotency_key),
        units,
    })
}

stepwell_task::export!(reserve);
