//! The program as a learner meets it, in a pseudo-terminal: every page of every module, its actions, a kill in the middle of
//! Module 2, a drill, the clean-up, and small things on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use support::Terminal;

/// Simulated seconds per second: a stack of three minutes takes a third of a second.
const SPEED: &str = "600";
/// The same for the walk through everything: a database of ten minutes takes a third of a second.
const FAST: &str = "2000";
/// How long one step may take here, the slowest machine included.
const STEP: Duration = Duration::from_secs(240);
/// How long a key may take to show its effect before it is pressed again.
const ANSWER: Duration = Duration::from_secs(3);
/// The place of the fault in the drill's list that takes a whole Region away.
const REGION_LOSS: usize = 6;
/// The steps of each module.
const STEPS: [usize; 7] = [9, 9, 14, 3, 12, 16, 11];

fn start(state: &std::path::Path, speed: &str) -> Terminal {
    let mut terminal = Terminal::start(state, &["--speed", speed, "--seed", "11"], 80, 24);
    terminal.wait("the program", |screen| screen.contains("? help") || screen.contains("?  help"));
    terminal
}

/// Back to the home screen, from wherever it is.
fn home(terminal: &mut Terminal) {
    let marker = |screen: &str| {
        let line = first_line(screen).to_owned();
        ["›", "Resources", "Failover drill"].into_iter().find(|mark| line.contains(mark))
    };
    while let Some(mark) = marker(&terminal.screen()) {
        terminal.send("q");
        terminal.wait("a screen further back", |screen| !first_line(screen).contains(mark));
    }
    terminal.wait_for("Modules ");
}

/// Opens a module at its first step.
fn open(terminal: &mut Terminal, module: usize) {
    home(terminal);
    terminal.send("g");
    for _ in 0..module {
        terminal.send("j");
    }
    terminal.wait("the selection", |screen| {
        screen.lines().any(|line| line.contains('▶') && line.contains(&format!("▶ {module} ")))
    });
    terminal.send("l");
    terminal.wait("the module's steps", |screen| screen.contains("Steps") || screen.contains("steps"));
    terminal.send("g\r");
    let wanted = format!(" 1/{}", STEPS[module]);
    let screen = terminal.wait("the first step", |screen| first_line(screen).contains(&wanted) || asks(screen));
    if asks(&screen) {
        terminal.send("y");
        terminal.wait("the first step", |screen| first_line(screen).contains(&wanted));
    }
}

fn first_line(screen: &str) -> &str {
    screen.lines().next().unwrap_or_default()
}

fn last_line(screen: &str) -> &str {
    screen.lines().last().unwrap_or_default()
}

/// Whether a question waits for yes or no.
fn asks(screen: &str) -> bool {
    last_line(screen).trim_start().starts_with("y  yes")
}

/// Whether an action of the step is under way.
fn spins(screen: &str) -> bool {
    let pane = screen.lines().skip_while(|line| !line.contains("┌ Action"));
    pane.take(8).any(|line| line.chars().take(40).any(|c| "◐◓◑◒".contains(c)))
}

/// Whether an action of the step has failed.
fn failed(screen: &str) -> bool {
    let pane = screen.lines().skip_while(|line| !line.contains("┌ Action"));
    pane.take(8).any(|line| line.chars().take(40).any(|c| c == '✗'))
}

/// Whether no action of the step was run.
fn idle(screen: &str) -> bool {
    screen.contains("not run") && !spins(screen)
}

/// `Checks 1/2` as numbers.
fn checks(screen: &str) -> Option<(usize, usize)> {
    let rest = screen.split("Checks ").nth(1)?;
    let (passed, rest) = rest.split_once('/')?;
    let all: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((passed.parse().ok()?, all.parse().ok()?))
}

/// Runs what the step offers until all its checks pass, or it is a page to read.
fn do_step(terminal: &mut Terminal, run: bool) {
    let deadline = Instant::now() + STEP;
    let mut pressed = false;
    loop {
        let screen = terminal.screen();
        assert!(Instant::now() < deadline, "the step is not done; the screen is:\n{screen}");
        let footer = last_line(&screen);
        if pressed && failed(&screen) {
            terminal.send("\r");
            terminal.within(ANSWER, |now| now != screen);
            panic!("the action failed:\n{screen}\n\n{}", terminal.screen());
        }
        if asks(&screen) {
            terminal.send("y");
            terminal.wait("an answered question", |screen| !asks(screen));
            continue;
        }
        let done = checks(&screen).is_some_and(|(passed, all)| passed == all);
        let runs = footer.contains("run all") || footer.contains("Enter  run");
        let heading = screen.lines().nth(1).unwrap_or_default();
        // A variant on a page to read can be run, and need not be.
        let reading = heading.contains(" read ━") || heading.contains(" decide ━");
        if run && runs && !reading && !pressed && !done {
            // A key that comes before the page is there is not meant for it, and does nothing.
            terminal.send(if footer.contains("run all") { "a" } else { "\r" });
            pressed = terminal.within(ANSWER, |screen| asks(screen) || !idle(screen));
            continue;
        }
        if heading.contains(" drill ━") {
            drill(terminal, REGION_LOSS);
            return;
        }
        let read_only = reading && checks(&screen).is_none();
        // What passes already needs nothing; what was run has ended when its spinner has gone.
        let ended = !pressed || !spins(&screen);
        if read_only || (done && ended) {
            return;
        }
        let before = screen;
        terminal.wait("progress", |screen| screen != before);
    }
}

/// Runs the drill of the fault at that place of the list until it is over and the Region is back, and returns to the step.
fn drill(terminal: &mut Terminal, fault: usize) {
    terminal.send("d");
    let screen = terminal.wait("the drill's screen", |screen| {
        screen.contains("Choose what to break") || last_line(screen).contains("new drill")
    });
    if last_line(&screen).contains("new drill") {
        terminal.send(" ");
    }
    terminal.wait_for("Choose what to break");
    for _ in 0..fault {
        let before = terminal.screen();
        terminal.send("j");
        terminal.wait("another fault", |screen| screen != before);
    }
    terminal.send("\r");
    terminal.wait("a question", asks);
    terminal.send("y");
    terminal.wait("the baseline", |screen| first_line(screen).contains("×5 ") && screen.contains("your guess"));
    for speed in ["×10 ", "×20 ", "×30 ", "×60 "] {
        terminal.send("+");
        terminal.wait("a faster clock", |screen| first_line(screen).contains(speed));
    }
    let verdict =
        terminal.wait("a verdict", |screen| last_line(screen).contains("b  fail back") && screen.contains("PASS"));
    assert!(verdict.contains("headroom"), "{verdict}");
    terminal.send("b");
    terminal.wait("a question", asks);
    terminal.send("y");
    terminal.wait("the end of the drill", |screen| last_line(screen).contains("new drill"));
    terminal.send("q");
    terminal.wait("the step", |screen| first_line(screen).contains("›"));
}

/// Goes to the next step.
fn next(terminal: &mut Terminal, step: usize, steps: usize) {
    terminal.send("n");
    let wanted = format!(" {step}/{steps}");
    terminal.wait("the next step", |screen| first_line(screen).contains(&wanted) || asks(screen));
}

/// Does the first steps of a module.
fn steps(terminal: &mut Terminal, module: usize, count: usize) {
    open(terminal, module);
    for step in 1..=count {
        if step > 1 {
            next(terminal, step, STEPS[module]);
        }
        do_step(terminal, module != 0 || step > 3);
        if module == 0 && step == 4 {
            terminal.send("\r");
            terminal.wait("what the action printed", |screen| screen.contains("done in"));
        }
    }
}

#[test]
fn a_learner_reads_runs_looks_and_leaves() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = start(state.path(), SPEED);
    steps(&mut terminal, 0, STEPS[0]);
    home(&mut terminal);
    terminal.send("r");
    terminal.wait_for("Resources");
    home(&mut terminal);
    terminal.send("d");
    terminal.wait_for("Choose what to break");
    home(&mut terminal);
    terminal.send("?");
    terminal.wait("help", |screen| screen.contains("leave; everything is kept"));
    terminal.send("q");
    home(&mut terminal);
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
}

#[test]
fn the_whole_workshop_is_walked_with_a_kill_in_module_2() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = start(state.path(), FAST);
    steps(&mut terminal, 0, STEPS[0]);
    steps(&mut terminal, 1, STEPS[1]);
    steps(&mut terminal, 2, 2);
    // The replica takes a quarter of an hour: at the speed of the wall it is still going on when the program dies.
    next(&mut terminal, 3, STEPS[2]);
    terminal.send("1");
    terminal.wait("the speed of the wall", |screen| first_line(screen).contains("×1 "));
    terminal.wait("what can be run", |screen| last_line(screen).contains("Enter  run"));
    terminal.send("\r");
    terminal.wait("a cluster that is being made", |screen| screen.contains("creating for"));
    terminal.kill();
    let mut terminal = Terminal::start(state.path(), &["--speed", FAST], 80, 24);
    terminal.wait("the same step", |screen| first_line(screen).contains(" 3/14") && checks(screen).is_some());
    do_step(&mut terminal, true);
    for step in 4..=STEPS[2] {
        next(&mut terminal, step, STEPS[2]);
        do_step(&mut terminal, true);
    }
    (3..=6).for_each(|module| steps(&mut terminal, module, STEPS[module]));
    home(&mut terminal);
    // What is done is read from AWS: nothing is left, so the modules that build are open again.
    terminal.wait("an empty account", |screen| {
        let row = screen.lines().find(|line| line.contains("6 Clean up")).unwrap_or_default();
        row.contains("11/11") && first_line(screen).contains("R1 · empty  R2 · empty")
    });
    assert!(terminal.alternate());
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    assert!(!terminal.alternate(), "the shell's screen is back");
}

#[test]
fn small_terminals_resizes_and_closed_inputs_are_handled() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::start(state.path(), &[], 50, 10);
    terminal.wait_for("60x16");
    terminal.resize(120, 40);
    terminal.wait_for("Modules ");
    terminal.resize(60, 16);
    terminal.wait_for("Modules ");
    terminal.send("q");
    terminal.end();
}
