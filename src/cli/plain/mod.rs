//! `--plain`: the whole guide as append-only text. The same model, keys typed as lines, no spinners, no redrawing.

mod lines;
mod text;

use std::io::BufRead as _;

use tokio::sync::mpsc;

use crate::app::{Msg, update};
use crate::cli::exit::Exit;
use crate::cli::out::outln;
use crate::engine::{Started, signals};
use lines::{Told, keys_of};

pub(in crate::cli) use text::outcome_words;

/// Runs until the learner quits or standard input ends.
pub async fn run(started: Started) -> Exit {
    let Started { mut engine, mut messages, mut model, effects } = started;
    let mut input = read_lines();
    let mut told = Told::default();
    for effect in effects {
        engine.execute(effect);
    }
    outln!("{}", text::whole(&model));
    let mut ends = std::pin::pin!(signals::terminated());
    let mut exit = Exit::Done;
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
            () = &mut ends => {
                exit = Exit::Interrupted;
                break;
            }
        };
        let before = Told::place(&model);
        for message in arrived {
            for effect in update(&mut model, message) {
                engine.execute(effect);
            }
        }
        for line in told.news(&model) {
            outln!("{line}");
        }
        if typed || Told::place(&model) != before {
            outln!("{}", text::whole(&model));
        }
    }
    engine.stop().await;
    exit
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
