//! What must hold of every run, whatever its seed.

pub(super) mod history;
pub(super) mod prefix;
pub(super) mod replay;
pub(super) mod retriers;
