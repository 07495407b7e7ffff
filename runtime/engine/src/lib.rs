//! Keeps executions going: load → step → append → act.
//!
//! This crate joins the pure interpreter with a journal and a task host. It knows no SQL,
//! no wasmtime and no HTTP: it compiles against the two traits. Time and chance reach it
//! through [`clock`] alone. Read [`Engine`] first.

mod acting;
mod activity;
mod attempt;
mod callback;
mod child;
pub mod clock;
mod cost;
mod definition;
mod definitions;
mod directory;
pub mod excerpt;
mod executor;
mod express;
mod function;
mod integration;
mod lives;
mod loading;
mod log_result;
mod map_run;
mod mock;
mod opening;
mod parking;
mod parts;
mod past;
mod progress;
mod recovery;
mod redrive;
mod retention;
mod retiring;
mod services;
mod shared;
mod slot;
mod starting;
mod story;
mod test_state;
mod timers;
mod vigil;
mod watch;

pub use activity::{ActivityTask, POLLERS_MAX, TooManyPollers};
pub use callback::CallbackError;
pub use clock::{Clock, Entropy};
pub use cost::{Cost, ExpressCost};
pub use definition::Definition;
pub use directory::{Directory, NoTarget, Nothing, StartTarget};
pub use executor::Engine;
pub use express::{Ended, run_express};
pub use function::{FunctionName, Modules, NotDeployed};
pub use log_result::log_result;
pub use map_run::{MapRunTold, UpdateError};
pub use mock::{MockError, Mocks};
pub use parts::{Error, Observer, Parts, StartError, StartRequest, Started, StartedAs};
pub use past::{EXECUTIONS_SEARCHED_MAX, PastAttempt, PastAttempts};
pub use redrive::{NotRedrivable, Redrivable, RedriveError};
pub use retention::retain;
pub use services::{Calling, Invocation, Invoked, Invoking, NoServices, ServiceCall, Services};
pub use story::{Told, tell};
pub use test_state::{Crew, test_state};
pub use watch::{Beginning, Watcher};
