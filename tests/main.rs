//! One binary for the tests of the whole: each line below says which module takes which test.

/// AWS's API, in process: against recordings, and against AWS's model.
mod api;
/// What the engine does beside stepping, in virtual time.
mod engine;
/// The language's reference suite, where its files lie beside the workspace.
mod jsonata_suite;
/// What must hold of whatever a seed makes.
mod properties;
/// Histories recorded from AWS, where they lie beside the workspace.
mod recorded;
/// What AWS accepted and refused, against `parse` and `validate`, where recordings lie beside
/// the workspace.
mod recorded_definitions;
/// What AWS answered to TestState, where recordings lie beside the workspace.
mod recorded_test_state;
/// Where the recordings lie.
mod recordings;
/// How long ended executions are kept.
mod retention;
/// Random machines, crashes and a journal that forgets, by seed.
mod sim;
/// House rules.
mod tidy;
/// A clock that stands still until everything waits.
mod virtual_time;
/// A whole engine in virtual time, and the world around it.
mod world;
