//! Keeps executions going.
