//! Diagnostics of the program itself: to standard error, quiet unless asked.

use tracing_subscriber::EnvFilter;

/// Sets up logging: `STEPWELL_LOG` (such as `debug` or `engine=trace`), else by the number
/// of `-v`: warnings, what Tasks log, everything.
pub(crate) fn init(verbosity: u8) {
    let default = match verbosity {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter =
        EnvFilter::try_from_env("STEPWELL_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .compact()
        .init();
}
