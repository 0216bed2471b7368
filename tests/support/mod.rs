//! What several tests need: the program in a pseudo-terminal with a real terminal emulator behind it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod content;

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long a test waits for what it expects before it fails. Generous: two slow cores may run everything at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// `workshop` in a terminal of its own.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    /// Output of a frame whose end has not come yet.
    pending: Vec<u8>,
}

/// Begin and end of a frame that the terminal shows as a whole (synchronized updates, mode 2026).
const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";

impl Terminal {
    /// Starts `workshop` with those arguments at that size, its state in `state`.
    pub fn start(state: &Path, arguments: &[&str], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_workshop"));
        command.arg("--state");
        command.arg(state);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        command.env_remove("TMUX");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0_u8; 16 * 1024];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, master: pair.master, writer, output, parser: parser(columns, rows), pending: Vec::new() }
    }

    /// Types text or control sequences.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the program reads");
        self.writer.flush().expect("the program reads");
    }

    /// Changes the size, as a terminal does.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a resize");
        self.parser.screen_mut().set_size(nonzero(rows), nonzero(columns));
    }

    /// Takes in output as a terminal with synchronized updates does: half a frame is never shown.
    fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let last = |mark: &[u8]| self.pending.windows(mark.len()).rposition(|window| window == mark);
        let whole = match (last(FRAME_BEGIN), last(FRAME_END)) {
            (Some(begin), end) if end.is_none_or(|end| end < begin) => begin,
            // The mark itself may have come in part only.
            _ => (1..FRAME_BEGIN.len())
                .rev()
                .find(|count| self.pending.ends_with(&FRAME_BEGIN[..*count]))
                .map_or(self.pending.len(), |count| self.pending.len() - count),
        };
        let shown: Vec<u8> = self.pending.drain(..whole).collect();
        self.parser.process(&shown);
    }

    /// The screen as text.
    pub fn screen(&mut self) -> String {
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
        self.parser.screen().contents()
    }

    /// Waits until the screen satisfies `wanted`; fails with the screen when it does not in time.
    pub fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => panic!("waited in vain for {what}; the screen is:\n{screen}"),
                Err(RecvTimeoutError::Disconnected) => {
                    let screen = self.screen();
                    assert!(wanted(&screen), "the program ended before {what}; the screen was:\n{screen}");
                    return screen;
                }
            }
        }
    }

    /// Whether the screen satisfies `wanted` within `span`.
    pub fn within(&mut self, span: Duration, wanted: impl Fn(&str) -> bool) -> bool {
        let deadline = Instant::now() + span;
        loop {
            if wanted(&self.screen()) {
                return true;
            }
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => return wanted(&self.screen()),
            }
        }
    }

    /// Waits until the screen shows `text`.
    pub fn wait_for(&mut self, text: &str) -> String {
        self.wait(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Kills the program as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("a kill");
        let _ = self.child.wait();
    }

    /// Waits for the end of the program.
    pub fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                // What it wrote last is still on its way through the terminal.
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_secs(1)) {
                    self.take(&bytes);
                }
                return status;
            }
            assert!(Instant::now() < deadline, "the program did not end; the screen is:\n{}", self.screen());
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(50)) {
                self.take(&bytes);
            }
        }
    }

    /// Whether the alternate screen is shown.
    pub fn alternate(&mut self) -> bool {
        self.screen();
        self.parser.screen().alternate_screen()
    }
}

fn nonzero(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).expect("a terminal has at least one row and one column")
}

fn parser(columns: u16, rows: u16) -> vt100::Parser {
    vt100::Parser::new(nonzero(rows), nonzero(columns), 0)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
