//! AWS's API in process: a request in, an answer out, in virtual time, with a journal in memory
//! and no socket. What is right comes from recordings and from AWS's own service model.

mod aliases;
mod executions;
mod express;
mod logged;
mod machines;
mod model;
mod pages;
mod quotas;
mod recorded;
mod stand;
mod tags;
