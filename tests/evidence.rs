//! A drill's evidence by the commands that make, check and compare it, and trials of the drill against the world's own truth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::{Command, Stdio};

use multi_region_workshop::engine::{drills, trials};
use serde_json::Value;

#[path = "support/built.rs"]
mod built;

/// Exit code, standard output, standard error.
fn workshop(state: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .arg("--state")
        .arg(state)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("an exit code"), text(&output.stdout), text(&output.stderr))
}

fn last_line(text: &str) -> Value {
    serde_json::from_str(text.lines().last().expect("a line")).expect("JSON")
}

#[test]
fn a_drill_is_kept_verified_compared_and_tried_with_other_settings() {
    let state = tempfile::tempdir().unwrap();
    let (code, _, error) = workshop(state.path(), &["run", "m4", "--seed", "3", "--json"]);
    assert_eq!(code, 0, "{error}");
    let folder = state.path().join("evidence");
    let place = folder.to_str().unwrap();
    let (code, out, error) = workshop(state.path(), &["drill", "--fault", "api", "--report", place, "--json"]);
    assert_eq!(code, 0, "{error}");
    let measured = last_line(&out);

    let (code, out, _) = workshop(state.path(), &["drill", "verify", place, "--json"]);
    let verified = last_line(&out);
    assert_eq!((code, &verified["verified"]), (0, &Value::Bool(true)), "{out}");
    assert_eq!(verified["rto_seconds"], measured["rto_seconds"]);

    let (code, out, error) =
        workshop(state.path(), &["drill", "what-if", place, "--ttl", "10", "--runs", "2", "--json"]);
    assert_eq!(code, 0, "{error}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let median = |line: &Value| line["median_seconds"].as_f64().unwrap_or_else(|| panic!("{line}"));
    assert_eq!((&lines[0]["ttl"], &lines[1]["ttl"]), (&60.into(), &10.into()));
    assert!(median(&lines[1]) + 20.0 < median(&lines[0]), "answers that are kept for less time are left sooner: {out}");

    // The latency of one slot gets another digit.
    let slots = folder.join("slots.ndjson");
    let text = std::fs::read_to_string(&slots).unwrap();
    std::fs::write(&slots, text.replacen("\"latency_ms\":", "\"latency_ms\":1", 1)).unwrap();
    let (code, out, _) = workshop(state.path(), &["drill", "verify", place]);
    assert_eq!(code, 1);
    assert!(out.contains("slots.ndjson is not the file that manifest.sha256 names"), "{out}");

    let (code, out, error) = workshop(state.path(), &["drill", "compare", place, "nowhere", "--json"]);
    assert_eq!(code, 1, "one of two reports cannot be read");
    assert!(error.contains("nowhere"), "{error}");
    assert_eq!(last_line(&out)["table"]["median_seconds"], measured["rto_seconds"]);
    let (code, _, error) = workshop(state.path(), &["drill", "compare", place, "--verify"]);
    assert_eq!(code, 1);
    assert!(error.contains("slots.ndjson"), "{error}");
    let (code, _, error) = workshop(state.path(), &["drill", "verify", "nowhere"]);
    assert_eq!(code, 2);
    assert!(error.contains("no such folder"), "{error}");

    let report = folder.join("report.json");
    let text = std::fs::read_to_string(&report).unwrap();
    std::fs::write(&report, text.replacen("\"fault\": \"api\"", "\"fault\": \"data\"", 1)).unwrap();
    let (code, _, error) = workshop(state.path(), &["drill", "what-if", place, "--runs", "1"]);
    assert_eq!(code, 2);
    assert!(error.contains("breaks no journey"), "{error}");
}

#[tokio::test]
async fn trials_measure_what_the_world_itself_knows_and_are_the_same_for_the_same_seed() {
    let (session, world) = built::built("m4").await;
    let (plan, _) = drills::prepare(&session, "api", true).await.unwrap();
    let own = trials::measured(&plan).unwrap();
    let all = trials::run(&session, &world, &plan, own, 1..=2, 2).await;
    for trial in &all {
        let trial = trial.as_ref().unwrap();
        let (rto, truth) = (trial.rto_seconds.unwrap(), trial.truth_seconds.unwrap());
        assert!((-0.1..=1.5).contains(&(rto - truth)), "{trial:?}");
        assert!((trial.phases_seconds - rto).abs() < 1e-6, "{trial:?}");
        assert_eq!(trial.missed, 0, "{trial:?}");
    }
    assert_eq!(all, trials::run(&session, &world, &plan, own, 1..=2, 2).await, "the same seeds, the same trials");
    assert_eq!(world, session.world().await.unwrap().unwrap(), "trials leave the world alone");
}
