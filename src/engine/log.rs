//! The log file: what the program did, for people who look for a fault. Never credentials, never request bodies.

use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Writes the log to `workshop.log` in `directory` while the guard lives. `WORKSHOP_LOG` sets the filter; without it,
/// only this program's own warnings are written.
pub fn start(directory: &Path) -> Option<WorkerGuard> {
    let appender = tracing_appender::rolling::never(directory, "workshop.log");
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let filter =
        EnvFilter::try_from_env("WORKSHOP_LOG").unwrap_or_else(|_| EnvFilter::new("multi_region_workshop=warn"));
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).finish();
    tracing::subscriber::set_global_default(subscriber).ok()?;
    Some(guard)
}
