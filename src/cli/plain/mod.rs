//! `--plain`: the whole guide as append-only text. The same model, keys typed as lines, no spinners, no redrawing.

mod lines;
mod text;

use std::io::BufRead;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::app::{Effect, Model, Msg, update};
use crate::cli::exit::Exit;
use crate::engine::Engine;
use lines::{Told, keys_of};

/// How often simulated time is looked at while nothing happens.
const TICK: Duration = Duration::from_millis(500);

/// Runs until the learner quits or standard input ends.
pub async fn run(mut engine: Engine, mut messages: mpsc::Receiver<Msg>, mut model: Model, first: Vec<Effect>) -> Exit {
    let mut input = read_lines();
    let begin = Instant::now();
    let mut told = Told::default();
    for effect in first {
        engine.execute(effect);
    }
    println!("{}", text::whole(&model));
    let mut tick = tokio::time::interval(TICK);
    while !model.quitting {
        let mut typed = false;
        let arrived: Vec<Msg> = tokio::select! {
            Some(message) = messages.recv() => vec![message],
            line = input.recv() => match line {
                Some(line) => {
                    typed = true;
                    keys_of(&model, &line).into_iter().map(Msg::Key).collect()
                }
                None => break,
            },
            _ = tick.tick() => vec![Msg::Tick { wall: begin.elapsed(), simulated: engine.now() }],
            () = engine.interrupted() => break,
        };
        let before = told.place(&model);
        for message in arrived {
            for effect in update(&mut model, message) {
                engine.execute(effect);
            }
        }
        for line in told.news(&model) {
            println!("{line}");
        }
        if typed || told.place(&model) != before {
            println!("{}", text::whole(&model));
        }
    }
    engine.stop().await;
    Exit::Done
}

/// Lines of standard input, from a thread of their own: a read of standard input cannot be cancelled.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
