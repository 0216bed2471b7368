//! Measures the program as its users meet it: first frame, key to frame, the whole workshop, and memory.
//!
//! `cargo bench --bench program` builds in release mode and prints one line per measurement.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::Terminal;

fn main() {
    first_frame();
    key_to_frame();
    whole_workshop();
}

/// From the start of the process to a screen that shows the modules.
fn first_frame() {
    let mut times = Vec::new();
    for _ in 0..20 {
        let state = tempfile::tempdir().unwrap();
        let begin = Instant::now();
        let mut terminal = Terminal::start(state.path(), &[], 80, 24);
        terminal.wait_for("Modules");
        times.push(begin.elapsed());
        terminal.kill();
    }
    report("first frame, new state directory (20 starts)", times);
}

/// From a key to the frame that shows its effect: the selection moves on the home screen.
fn key_to_frame() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(state.path(), &[], 80, 24);
    let mut before = terminal.wait_for("Modules");
    let mut times = Vec::new();
    for turn in 0..100 {
        let begin = Instant::now();
        terminal.send(if turn % 2 == 0 { "j" } else { "k" });
        let seen = before.clone();
        before = terminal.wait("another selection", |screen| selection(screen) != selection(&seen));
        times.push(begin.elapsed());
    }
    terminal.kill();
    report("key to frame (100 keys)", times);
}

fn selection(screen: &str) -> Option<&str> {
    screen.lines().find(|line| line.contains('▶'))
}

/// Every step of every module in a jump of simulated time, with the peak of resident memory on Linux.
fn whole_workshop() {
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(["run", "all", "--fresh", "--json"])
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kilobytes(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("a status") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    println!(
        "whole workshop: {:.2} s, peak memory {:.1} MB, {status}",
        begin.elapsed().as_secs_f64(),
        peak as f64 / 1024.0
    );
}

fn peak_kilobytes(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    println!("{what}: median {:.1} ms, 95th percentile {:.1} ms, worst {:.1} ms", at(50), at(95), at(100));
}
