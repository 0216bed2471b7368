//! The program as a learner meets it, in a pseudo-terminal: home, every module, its actions, the drill, the clean-up; and
//! again after a kill in the middle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use support::Terminal;

/// Simulated seconds per second: a stack of twenty minutes takes a quarter of a second.
const SPEED: &str = "5000";
/// How long one step may take here, the slowest machine included.
const STEP: Duration = Duration::from_secs(120);
/// The steps of each module.
const STEPS: [usize; 7] = [5, 8, 8, 3, 9, 8, 14];
/// The place of the drill's own step in Module 5, from 1.
const DRILL_STEP: usize = 7;

fn start(state: &std::path::Path) -> Terminal {
    let mut terminal = Terminal::start(state, &["--speed", SPEED, "--seed", "11"], 80, 24);
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
        if asks(&screen) {
            terminal.send("y");
            terminal.wait("an answered question", |screen| !asks(screen));
            continue;
        }
        let done = checks(&screen).is_some_and(|(passed, all)| passed == all);
        let runs = footer.contains("run all") || footer.contains("Enter  run");
        if run && runs && !pressed && !done {
            terminal.send(if footer.contains("run all") { "a" } else { "\r" });
            pressed = true;
            let before = screen.clone();
            terminal.wait("an answer to the key", |screen| screen != before);
            continue;
        }
        let heading = screen.lines().nth(1).unwrap_or_default();
        let reading = heading.contains(" read ━") || heading.contains(" decide ━");
        let read_only = reading && checks(&screen).is_none() && !runs;
        // What passes already needs nothing; what was run has ended when its spinner has gone.
        let ended = !pressed || !spins(&screen);
        if read_only || (done && ended) {
            return;
        }
        let before = screen;
        terminal.wait("progress", |screen| screen != before);
    }
}

/// Goes to the next step.
fn next(terminal: &mut Terminal, step: usize, steps: usize) {
    terminal.send("n");
    let wanted = format!(" {step}/{steps}");
    terminal.wait("the next step", |screen| first_line(screen).contains(&wanted) || asks(screen));
}

fn module(terminal: &mut Terminal, module: usize) {
    open(terminal, module);
    for step in 1..=STEPS[module] {
        if step > 1 {
            next(terminal, step, STEPS[module]);
        }
        if module == 5 && step == DRILL_STEP {
            drill(terminal);
            continue;
        }
        do_step(terminal, module != 0 || step > 2);
        if module == 0 && step == 3 {
            terminal.send("\r");
            terminal.wait("what the action printed", |screen| screen.contains("done in"));
        }
    }
}

/// The failover drill: baseline, fault, verdict, failback.
fn drill(terminal: &mut Terminal) {
    terminal.send("d");
    terminal.wait_for("Choose what to break");
    terminal.send(" ");
    terminal.wait("the question", asks);
    terminal.send("y");
    terminal.wait("the baseline", |screen| screen.contains("baseline") && !asks(screen));
    // A drill slows the sandbox down to be watched; this test has less time.
    terminal.send("++++++++");
    let screen = terminal.wait("the verdict", |screen| screen.contains("PASS") || screen.contains("INCONCLUSIVE"));
    assert!(screen.contains("RTO") && screen.contains("PASS"), "{screen}");
    terminal.send("b");
    let screen =
        terminal.wait("the way back or its question", |screen| asks(screen) || screen.contains("failing back"));
    if asks(&screen) {
        terminal.send("y");
    }
    terminal.wait("the end of the drill", |screen| screen.contains("at home again"));
    terminal.send("q");
    terminal.wait("the step", |screen| first_line(screen).contains("5 Failover"));
}

#[test]
fn a_learner_walks_every_module_and_leaves_nothing_behind() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = start(state.path());
    for number in 0..7 {
        module(&mut terminal, number);
    }
    home(&mut terminal);
    terminal.send("r");
    terminal.wait_for("Resources");
    let screen = terminal.wait("two empty Regions", |screen| first_line(screen).matches("empty").count() == 2);
    assert!(!screen.contains("failed"), "{screen}");
    home(&mut terminal);
    terminal.send("q");
    assert_eq!(terminal.end().exit_code(), 0);
    assert!(!terminal.alternate(), "the terminal is given back");
}

#[test]
fn a_kill_in_module_two_brings_the_learner_back_to_the_same_step_with_the_work_going_on() {
    let state = tempfile::tempdir().unwrap();
    let mut terminal = start(state.path());
    for number in 0..2 {
        module(&mut terminal, number);
    }
    open(&mut terminal, 2);
    terminal.send("\r");
    terminal.wait("the deployment", |screen| screen.contains("CREATE_IN_PROGRESS") || screen.contains("running"));
    terminal.kill();
    let mut again = start(state.path());
    again.wait("the same step", |screen| {
        first_line(screen).contains("2 Multi-Region data") && first_line(screen).contains("1/8")
    });
    do_step(&mut again, true);
    home(&mut again);
    again.send("q");
    assert_eq!(again.end().exit_code(), 0);
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
