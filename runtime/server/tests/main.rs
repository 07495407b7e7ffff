//! The binary `stepwell`, from outside: each module says what of it.

mod cli;
mod clients;
mod command;
mod endpoint;
mod examples;
mod grants;
mod killed;
mod map_runs;
mod new;
mod prepared;
mod registry;
mod serve;
mod test;
mod test_state;
mod verify;
