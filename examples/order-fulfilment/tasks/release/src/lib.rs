//! Gives reserved stock back: what undoes `reserve`.

use serde::{Deserialize, Serialize};
use stepwell_task::{Failure, log};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    reservation_id: String,
}

fn release(reservation: Reservation) -> Result<Reservation, Failure> {
    log::info!("stock released", reservation = reservation.reservation_id);
    Ok(reservation)
}

stepwell_task::export!(release);
