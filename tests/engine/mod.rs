//! What the engine does beside stepping: callbacks, workers, children, redrives. Each in
//! virtual time, across restarts.

mod activities;
mod callbacks;
mod children;
mod express;
mod interruptions;
mod map_run_results;
mod map_run_updates;
mod map_runs;
mod names;
mod parking;
mod redrives;
mod retiring;
mod watching;
