//! What commands print. A reader that has gone (`workshop check m1 | head -1`) is no reason to stop what was begun.

use std::fmt::Arguments;
use std::io::{self, Write as _};
use std::sync::OnceLock;

static LOST: OnceLock<io::Error> = OnceLock::new();

/// Why something that was printed is not where it was to go, as on a full disk; a reader that went away wanted no more.
pub fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// Prints on standard output, as [`print!`] does.
pub fn print(words: Arguments<'_>) {
    let mut out = io::stdout().lock();
    match out.write_fmt(words).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = LOST.set(error);
        }
        _ => {}
    }
}

/// Prints on standard error. What nobody can read there stops nothing.
pub fn note(words: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(words);
}

/// As [`println!`], by way of [`print`].
macro_rules! outln {
    () => { $crate::cli::out::print(format_args!("\n")) };
    ($($words:tt)*) => { $crate::cli::out::print(format_args!("{}\n", format_args!($($words)*))) };
}

/// As [`eprintln!`], by way of [`note`].
macro_rules! errln {
    ($($words:tt)*) => { $crate::cli::out::note(format_args!("{}\n", format_args!($($words)*))) };
}

pub(super) use {errln, outln};
