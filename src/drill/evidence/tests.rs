//! Tests of the evidence: what is written can be computed again, and what is changed is found.
#![allow(clippy::unwrap_used)]

use super::super::analysis::tests::{at, failover, plan, samples};
use super::super::plan::Routing;
use super::super::report::Report;
use super::super::samples::{CanarySamples, ReadBack, Write};
use super::super::snapshot::Stage;
use super::*;
use crate::domain::Role;
use crate::domain::drill::SlotResult;

/// A drill of five minutes that failed over, lost two writes and came back.
fn report() -> Report {
    let mut plan = plan(true);
    plan.cuts_replication = true;
    plan.routing = Some(Routing { interval: 10, threshold: 3, ttl: 60, failing_ms: 200 });
    let home = SlotResult::Ok(Some(Role::Primary));
    let mut seen = samples(320, |second| if second < 220 { failover(second) } else { home });
    seen.fault_acknowledged = Some(at(61));
    seen.unhealthy_seen = Some(at(95));
    seen.rerouted.insert(0, at(97));
    seen.healed = Some(at(210));
    let writes = (1..=40).map(|seq| Write { seq, sent: at(50 + seq), acked: (seq <= 12).then(|| at(50 + seq)) });
    let canary = CanarySamples {
        writes: writes.collect(),
        after_failover: Some(ReadBack { at: at(200), present: Some((1..=10).collect()) }),
        after_heal: Some(ReadBack { at: at(300), present: Some((1..=11).collect()) }),
        ..CanarySamples::default()
    };
    seen.canaries.insert("dynamodb".into(), canary);
    Report::new(plan, seen, Stage::Done)
}

fn findings(folder: &Folder) -> Vec<String> {
    verify(folder).1.iter().map(ToString::to_string).collect()
}

/// Puts the hash of every file into the manifest anew, as somebody would who hides a change.
fn sign_again(files: &mut Folder) {
    files.remove(MANIFEST);
    let manifest = manifest(files);
    files.insert(MANIFEST.into(), manifest);
}

#[test]
fn what_was_written_is_computed_again_to_the_digit() {
    let report = report();
    assert_eq!(report.rto_seconds, Some(70.0));
    assert_eq!(report.fail_back_seconds, Some(10.0));
    assert_eq!(report.rpo_seconds, Some(2.0));
    let (again, findings) = verify(&folder(&report));
    assert_eq!(findings, []);
    assert_eq!(again.unwrap(), report);
}

#[test]
fn a_drill_that_was_stopped_is_evidence_too() {
    let report = Report::new(plan(true), samples(30, failover), Stage::Stopped("stopped by hand".into()));
    assert_eq!(findings(&folder(&report)), Vec::<String>::new());
}

#[test]
fn a_changed_sample_is_found_by_its_hash_and_by_what_it_gives() {
    let mut files = folder(&report());
    let slots = files.get_mut(SLOTS).unwrap();
    // The first failed slots are made good.
    let mut count = 0;
    *slots = slots
        .lines()
        .map(|line| {
            count += 1;
            let dead = line.contains("status") && count < 100;
            let good = line.replace(r#"{"status":403}"#, r#"{"ok":"primary"}"#);
            if dead { format!("{good}\n") } else { format!("{line}\n") }
        })
        .collect();
    assert_eq!(findings(&files)[..1], ["slots.ndjson is not the file that manifest.sha256 names: it was changed"]);
    sign_again(&mut files);
    let told = findings(&files);
    assert!(told.iter().any(|one| one.starts_with("report.json: analysis.degraded_seconds says 68")), "{told:?}");
    assert!(told.contains(&"report.md does not say what the samples give".to_owned()), "{told:?}");
}

#[test]
fn a_changed_number_is_found_even_under_a_new_manifest() {
    let mut files = folder(&report());
    let text = files.get_mut(REPORT).unwrap();
    *text = text.replacen("\"rto_seconds\": 70.0", "\"rto_seconds\": 12.0", 1);
    sign_again(&mut files);
    assert_eq!(findings(&files), ["report.json: rto_seconds says 12.0, but the samples give 70.0"]);
}

#[test]
fn missing_files_bad_lines_and_other_formats_are_named() {
    let whole = folder(&report());
    for name in [REPORT, PAGE, TIMELINE, SLOTS, CANARY, EVENTS, MANIFEST] {
        let mut files = whole.clone();
        files.remove(name);
        assert!(findings(&files).contains(&format!("{name} is missing")), "{name}");
    }
    let mut files = whole.clone();
    files.get_mut(CANARY).unwrap().push_str("{\"kind\":\"write\"}\n");
    assert!(findings(&files)[1].starts_with("canary.ndjson, line 43: missing field"), "{:?}", findings(&files));
    let mut files = whole.clone();
    let endless = format!(r#"{{"kind":"read","store":"s3","when":"live","at":0,"present":[[0,{}]]}}"#, u64::MAX);
    files.get_mut(CANARY).unwrap().push_str(&endless);
    assert!(findings(&files)[1].starts_with("canary.ndjson, line 43: it names more than"), "{:?}", findings(&files));
    let mut files = whole.clone();
    *files.get_mut(REPORT).unwrap() = whole.get(REPORT).unwrap().replacen("\"format\": 3", "\"format\": 9", 1);
    sign_again(&mut files);
    assert!(findings(&files)[0].starts_with("report.json has the format 9"), "{:?}", findings(&files));
    let mut files = whole;
    files.insert(REPORT.into(), "{".into());
    assert!(findings(&files)[1].starts_with("report.json, line 1"), "{:?}", findings(&files));
}

#[test]
fn the_page_and_the_picture_say_the_numbers() {
    let files = folder(&report());
    let page = files.get(PAGE).unwrap();
    for text in [
        "| RTO | 70.00 s | 69.03 to 69.97 s |",
        "threshold 3 to 2: about 10 s sooner",
        "| dynamodb | 12 | 10 | 2 | 1 |",
    ] {
        assert!(page.contains(text), "{text:?} is not in:\n{page}");
    }
    let svg = files.get(TIMELINE).unwrap();
    assert!(svg.contains("RTO 70.00 s, PASS") && svg.contains(">steady +70 s<"), "{svg}");
    assert_eq!(svg.matches("<text").count(), 1 + 3 + 7 + LEGENDS, "title, lanes, markers, legend");
}

const LEGENDS: usize = 6;
