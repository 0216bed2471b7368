//! What is left of a panic: a file that says where it was, without anything of the account.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
static LAST: OnceLock<PathBuf> = OnceLock::new();

/// From now on a panic on any thread leaves a crash file in `directory`; one on the main thread, which draws, first gives
/// the terminal back with `restore`. A panic of a job is that job's failure and leaves the terminal alone.
pub fn install(directory: PathBuf, restore: fn()) {
    if DIRECTORY.set(directory).is_err() {
        return;
    }
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some("main") {
            restore();
        }
        if let Some(path) = DIRECTORY.get().and_then(|directory| write(directory, panic)) {
            let _ = LAST.set(path);
        }
    }));
}

/// The file that the first panic left.
pub fn file() -> Option<&'static Path> {
    LAST.get().map(PathBuf::as_path)
}

fn write(directory: &Path, panic: &PanicHookInfo<'_>) -> Option<PathBuf> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let path = directory.join(format!("crash-{seconds}.txt"));
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let version = env!("CARGO_PKG_VERSION");
    let trace = Backtrace::force_capture();
    let text = format!("workshop {version}\nthread {thread}\n{place}\n{message}\n\n{trace}\n");
    std::fs::create_dir_all(directory).ok()?;
    std::fs::write(&path, text).ok()?;
    Some(path)
}
