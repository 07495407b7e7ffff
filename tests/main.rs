//! One binary for the tests of the whole: each line below says which module takes which test.

/// The language's reference suite, where its files lie beside the workspace.
mod jsonata_suite;
