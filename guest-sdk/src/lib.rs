//! Write a Task of a state machine as a plain Rust function.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use stepwell_task::Failure;
//!
//! #[derive(Deserialize)]
//! struct Order {
//!     sku: String,
//!     quantity: u32,
//! }
//!
//! #[derive(Serialize)]
//! struct Reservation {
//!     sku: String,
//!     reserved: u32,
//! }
//!
//! fn reserve(order: Order) -> Result<Reservation, Failure> {
//!     if order.quantity > 100 {
//!         return Err(Failure::new("OutOfStock", format!("no {} left", order.sku)));
//!     }
//!     stepwell_task::log::info!("stock reserved", sku = order.sku, quantity = order.quantity);
//!     Ok(Reservation { reserved: order.quantity, sku: order.sku })
//! }
//!
//! stepwell_task::export!(reserve);
//! ```
//!
//! The function takes anything `serde` can deserialize and answers anything it can
//! serialize; its error is [`Failure`] or whatever converts into one, see [`NamedError`].
//! On the way it may ask about its attempt ([`context()`]), say that it is alive
//! ([`heartbeat`]) and write to the attempt's [`log`]. A panic is a bug, not a failure:
//! its message is logged and the attempt ends with `Wasm.Trap`.
//!
//! Built for `wasm32-unknown-unknown` a task imports nothing but the Stepwell host, so it
//! is pure: the same input gives the same output. Built for `wasm32-wasip2` it also imports
//! WASI, which is empty until something was granted at deploy: half as large again, it answers
//! the same. Built for any other architecture it is an ordinary function, to be unit tested as one; there `context()` answers a made-up
//! attempt and the log goes to standard error.
//!
//! This crate deliberately does not know: state machines, retries, the host. It meets
//! them in `wit/task.wit` only.

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod allocator;
mod context;
mod failure;
mod handle;
#[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
mod heap;
pub mod log;

#[cfg(target_arch = "wasm32")]
#[path = "bindings.rs"]
mod platform;
#[cfg(not(target_arch = "wasm32"))]
#[path = "native.rs"]
mod platform;

pub use context::{Context, context, heartbeat};
pub use failure::{Failure, NamedError};

/// What [`export!`] expands to; not for use by hand.
#[doc(hidden)]
pub mod private {
    pub use crate::handle::handle;
    #[cfg(target_arch = "wasm32")]
    pub use crate::platform::{bindings, export_handler, run};
}

/// Makes a function the Task of this crate: once per crate, whose `crate-type` is `cdylib`.
///
/// The function has the form `fn(Input) -> Result<Output, E>` where `Input` is
/// [`serde::de::DeserializeOwned`], `Output` is [`serde::Serialize`] and `E` converts into
/// [`Failure`].
#[macro_export]
macro_rules! export {
    ($function:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct ExportedTask;

            impl $crate::private::bindings::exports::stepwell::task::handler::Guest
                for ExportedTask
            {
                fn handle(
                    input: String,
                ) -> ::core::result::Result<
                    String,
                    $crate::private::bindings::stepwell::task::types::Failure,
                > {
                    $crate::private::run(&input, $function)
                }
            }

            $crate::private::export_handler!(ExportedTask
                with_types_in $crate::private::bindings);
        };

        // Elsewhere nothing calls the function but its tests; its shape is checked all
        // the same, and it does not count as unused.
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn(&str) -> ::core::result::Result<String, $crate::Failure> =
            |input| $crate::private::handle(input, $function);
    };
}
