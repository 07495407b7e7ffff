//! The tests of the whole: corpus, recorded cases, simulator.
