//! Writes the message that a customer or the warehouse gets.

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, log};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    audience: Audience,
    order_id: String,
    total_cents: u64,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
enum Audience {
    Customer,
    Warehouse,
}

#[derive(Serialize)]
struct Message {
    to: Audience,
    text: String,
}

fn notify(notice: Notice) -> Result<Message, Failure> {
    let Notice {
        audience,
        order_id,
        total_cents,
    } = notice;
    let text = match audience {
        Audience::Customer => {
            let (euros, cents) = (total_cents / 100, total_cents % 100);
            format!("Your order {order_id} is on its way. We charged {euros}.{cents:02} EUR.")
        }
        Audience::Warehouse => format!("Order {order_id} leaves the house."),
    };
    log::info!("message written", to = audience);
    Ok(Message { to: audience, text })
}

stepwell_task::export!(notify);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_digits_after_the_point() {
        let order_id = "7".to_owned();
        let notice = Notice {
            audience: Audience::Customer,
            order_id,
            total_cents: 305,
        };
        assert!(
            notify(notice)
                .unwrap()
                .text
                .ends_with("We charged 3.05 EUR.")
        );
    }
}
