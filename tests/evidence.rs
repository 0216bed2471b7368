//! A drill's evidence by the commands that make, check and compare it, and trials of the drill against the world's own truth.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use multi_region_workshop::clock::{Clock, Metronome, Rate};
use multi_region_workshop::domain::BoxFuture;
use multi_region_workshop::domain::drill::Verdict;
use multi_region_workshop::drill::{Control, Report, Snapshot, Stage, evidence};
use multi_region_workshop::engine::session::{Options, Session};
use multi_region_workshop::engine::{Engine, drills, kept, trials};
use multi_region_workshop::protocol::operation;
use multi_region_workshop::sandbox::Call;
use multi_region_workshop::sandbox::world::World;
use serde_json::{Value, json};
use tokio::sync::Notify;

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
    let (plan, _) = drills::prepare(&session, "region", true).await.unwrap();
    for trial in trials::run(&session, &world, &plan, own, 3..=4, 2).await {
        let trial = trial.unwrap();
        let (lost, truth) = (trial.lost.unwrap(), trial.lost_truth.unwrap());
        assert!(lost.abs_diff(truth) <= 1 && (lost > 0 || truth == 0), "{trial:?}");
    }
    assert_eq!(world, session.world().await.unwrap().unwrap(), "trials leave the world alone");
}

#[tokio::test]
async fn a_region_that_answers_late_is_left_by_the_shop_and_by_the_blog() {
    let (session, _) = built::built("m4").await;
    let _awake = session.clock.participate();
    let report = kept::run(&session, "slow", true, false, &Control::default(), &|_| ()).await.unwrap().report;
    let broken: Vec<&str> = report.analysis.affected.iter().map(|lane| journey(&report, *lane)).collect();
    assert!(["books", "cart", "blog"].iter().all(|name| broken.contains(name)), "{broken:?}");
    // Three requests of 10 s, each given up after two seconds, and a TTL of 60 s; the load balancer's targets fail sooner.
    let rto = report.rto_seconds.expect("a recovery");
    assert!((30.0..110.0).contains(&rto), "{rto}: {:?}", report.analysis.markers);
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.analysis.doubts);
    assert_eq!((report.stage.clone(), report.rpo_verdict.clone()), (Stage::Done, Verdict::NotExercised));
    assert!(report.fail_back_seconds.is_some());
}

/// Names of the run's schedules in R1, and how many mappings the API's shared name has there.
async fn schedules_and_mappings(session: &Session) -> (usize, usize) {
    let count = async |service: &str, name: &str, input: Value, items: &str| {
        let answer = session.guide.aws().call(&operation(service, name, "eu-west-1", input)).await.unwrap();
        answer.output[items].as_array().map_or(0, Vec::len)
    };
    let name = "*.{{ vars.domain }}";
    let name = session.guide.bindings_for([name]).await.render(name).unwrap();
    (
        count("scheduler", "list-schedules", json!({}), "Schedules").await,
        count("apigateway", "get-base-path-mappings", json!({ "domainName": name }), "items").await,
    )
}

#[tokio::test]
async fn a_drill_that_nobody_finishes_is_mended_by_a_schedule() {
    let (session, _) = built::built("m4").await;
    let _awake = session.clock.participate();
    assert_eq!(schedules_and_mappings(&session).await, (0, 1));
    let report = kept::run(&session, "api", true, false, &Control::default(), &|_| ()).await.unwrap().report;
    assert_eq!((report.verdict, schedules_and_mappings(&session).await), (Verdict::Pass, (0, 1)));

    let (bitten, control) = (Notify::new(), Control::default());
    let show = |snapshot: Snapshot| {
        if snapshot.analysis.markers.impact.is_some() {
            bitten.notify_one();
        }
    };
    tokio::select! {
        _ = kept::run(&session, "api", true, false, &control, &show) => panic!("it was not left alone"),
        () = bitten.notified() => {}
    }
    assert_eq!(schedules_and_mappings(&session).await, (1, 0));
    session.clock.sleep(Duration::from_mins(115)).await;
    assert_eq!(schedules_and_mappings(&session).await, (1, 0));
    session.clock.sleep(Duration::from_mins(10)).await;
    assert_eq!(schedules_and_mappings(&session).await, (0, 1), "mended, and the schedule is gone");
}

#[tokio::test]
async fn a_drill_that_no_schedule_would_mend_is_begun_only_when_somebody_says_so() {
    let (session, _) = built::built("m4").await;
    let _awake = session.clock.participate();
    let nobody = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }] });
    session.throw_away.as_ref().unwrap().with_world(|world| {
        let roles = Call::new(world, "111122223333", "us-east-1").invoke("iam", "ListRoles", &json!({})).unwrap();
        let mut names = roles["Roles"].as_array().unwrap().iter().map(|role| role["RoleName"].as_str().unwrap());
        let role = names.find(|name| name.contains("RevertRole")).unwrap();
        let input = json!({ "RoleName": role, "PolicyDocument": nobody.to_string() });
        Call::new(world, "111122223333", "us-east-1").invoke("iam", "UpdateAssumeRolePolicy", &input).unwrap();
    });
    let refused = kept::run(&session, "api", true, false, &Control::default(), &|_| ()).await;
    let why = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(why.contains("must allow AWS EventBridge Scheduler to assume the role"), "{why}");
    assert_eq!(schedules_and_mappings(&session).await, (0, 1));
    let report = kept::run(&session, "api", true, true, &Control::default(), &|_| ()).await.unwrap().report;
    assert_eq!((report.verdict, schedules_and_mappings(&session).await), (Verdict::Pass, (0, 1)));
}

fn journey(report: &Report, lane: usize) -> &str {
    &report.plan.journeys[report.lanes[lane].journey].name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_screen_reads_lets_no_time_pass_while_a_drill_computes() {
    let options = Options { fresh: true, seed: Some(5), speed: Some(3600.0), ..Options::default() };
    let session = Arc::new(Session::open(options).await.unwrap());
    // Calls to a lost Region are tried again, after a sleep in simulated time.
    let lost = session.faults.as_ref().unwrap();
    lost.start("region-loss", "eu-west-1", Value::Null, Duration::from_secs(36_000)).await.unwrap();
    let _awake = session.clock.participate();
    let before = session.clock.now();
    let mut started = Engine::start(Arc::clone(&session), (80, 24));
    let heard = async { while started.messages.recv().await.is_some() {} };
    assert!(tokio::time::timeout(Duration::from_secs(3), heard).await.is_err(), "the engine goes on");
    assert_eq!(session.clock.now(), before);
}

/// A wall clock that goes so many times as fast as the machine's.
struct FastWall(Instant, u32);

impl Metronome for FastWall {
    fn elapsed(&self) -> Duration {
        self.0.elapsed() * self.1
    }

    fn timer(&self, at: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(at.saturating_sub(self.elapsed()) / self.1))
    }
}

/// The files of a drill that fails over and back in a copy of the world, in the time of that clock. It is a small one: a
/// client near each Region, the shop's API and nothing else.
async fn evidence_of(
    session: Arc<Session>,
    mut world: World,
    seed: u64,
    (clock, rate): (Clock, Rate),
) -> Vec<(String, String)> {
    let awake = clock.participate();
    // The clock stood until now, so that every drill begins at the same instant.
    clock.set_rate(rate);
    world.seed = seed;
    let copy = Arc::new(session.in_copy_by(world, clock.clone()));
    let (mut plan, mut ports) = drills::prepare(&copy, "region", true).await.unwrap();
    plan.vantages.truncate(2);
    plan.journeys.retain(|journey| journey.name == "books");
    ports.canaries.retain(|canary| canary.store() != "aurora");
    let report = multi_region_workshop::drill::run(plan, ports, &clock, &Control::default(), &|_| ()).await;
    drop(awake);
    assert_eq!(report.stage, Stage::Done, "seed {seed}");
    assert!(report.rto_seconds.is_some() && report.rpo_seconds.is_some(), "seed {seed}: {:?}", report.verdict);
    assert!(report.fail_back_seconds.is_some(), "seed {seed}");
    evidence::folder(&report).into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_gives_the_same_report_at_any_pace() {
    let (session, world) = built::built("m4").await;
    let mut drills = Vec::new();
    for seed in [11, 12] {
        let stands = || Clock::simulated(world.now, Rate::Paced(0.0));
        // One simulated second a second, by a wall that hurries.
        let hurries = Arc::new(FastWall(Instant::now(), 40));
        let paces = [
            ("in a jump", (stands(), Rate::Jump)),
            ("at 1x", (Clock::simulated_by(world.now, Rate::Paced(0.0), hurries), Rate::Paced(1.0))),
            ("at 40x", (stands(), Rate::Paced(40.0))),
        ];
        for (pace, clock) in paces {
            let run = tokio::spawn(evidence_of(Arc::clone(&session), world.clone(), seed, clock));
            drills.push((seed, pace, run));
        }
    }
    let mut jump: Option<(u64, Vec<(String, String)>)> = None;
    for (seed, pace, run) in drills {
        let files = run.await.unwrap();
        let Some((_, known)) = jump.as_ref().filter(|(known, _)| *known == seed) else {
            assert_eq!(files.len(), 7);
            jump = Some((seed, files));
            continue;
        };
        for ((name, one), (_, other)) in known.iter().zip(&files) {
            let different = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            assert_eq!(different, None, "{name}, seed {seed}: in a jump and {pace}");
            assert!(one == other, "{name}, seed {seed}, {pace}: one is longer");
        }
    }
}

/// The one folder below `reports/` of that fault's last drill.
fn folder_of(state: &Path, fault: &str) -> PathBuf {
    let reports = std::fs::read_dir(state).unwrap().find_map(|entry| {
        let path = entry.unwrap().path().join("reports");
        path.is_dir().then_some(path)
    });
    let folders = std::fs::read_dir(reports.expect("reports")).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|path| path.to_string_lossy().ends_with(&format!("-{fault}"))).max().expect("a folder")
}

/// Kills a drill of that fault once its fault has been acknowledged and broken something.
fn kill_in_the_middle(state: &Path, fault: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .arg("--state")
        .arg(state)
        .args(["--speed", "200", "drill", "--json", "--fault", fault])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let seen = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("clients fail")));
    // This is SIGKILL: nothing of the program runs after it.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(seen.is_some(), "the drill ended before clients failed");
}

#[test]
fn a_drill_that_is_killed_is_finished_and_mended_at_the_next_start() {
    let state = tempfile::tempdir().unwrap();
    let (code, _, error) = workshop(state.path(), &["run", "m4", "--seed", "3", "--json"]);
    assert_eq!(code, 0, "{error}");
    let active = |state: &Path| {
        let (_, out, _) = workshop(state, &["sandbox", "fault", "list"]);
        out.lines().filter(|line| line.starts_with("active ")).count()
    };

    // The same shop once more, for a fault of another kind.
    let fresh = tempfile::tempdir().unwrap();
    copy(state.path(), fresh.path());

    kill_in_the_middle(state.path(), "region");
    assert_eq!(active(state.path()), 2, "the Region is lost, and its replication stands still");
    let folder = folder_of(state.path(), "region");
    assert!(folder.join("running.json").exists() && !folder.join("report.json").exists());
    // What a loss of power adds: half a line.
    let slots = std::fs::read_to_string(folder.join("slots.ndjson")).unwrap();
    std::fs::write(folder.join("slots.ndjson"), slots.trim_end_matches('\n').trim_end_matches('}')).unwrap();

    let (code, _, error) = workshop(state.path(), &["drill", "--fault", "none"]);
    assert_eq!(code, 2, "{error}");
    let told = error.lines().find(|line| line.starts_with("The drill 'region' was interrupted at ")).expect("a line");
    assert!(told.contains("is mended") && told.contains("INCONCLUSIVE"), "{told}");
    assert_eq!(active(state.path()), 0);
    assert!(!folder.join("running.json").exists());
    let (code, out, _) = workshop(state.path(), &["drill", "verify", folder.to_str().unwrap(), "--json"]);
    let verified = last_line(&out);
    assert_eq!((code, verified["verdict"].as_str()), (0, Some("INCONCLUSIVE")), "{out}");
    assert_eq!(verified["slots"].as_u64().unwrap() as usize, slots.lines().count() - 1);
    let files = ["report.json", "report.md", "slots.ndjson", "canary.ndjson", "events.ndjson", "manifest.sha256"];
    assert!(files.iter().all(|name| std::fs::metadata(folder.join(name)).unwrap().len() > 0));
    let report = std::fs::read_to_string(folder.join("report.json")).unwrap();
    assert!(report.contains("interrupted: the program ended"), "{report}");
    let (_, _, error) = workshop(state.path(), &["drill", "--fault", "none"]);
    assert!(!error.contains("interrupted"), "it is said once: {error}");

    // A fault that is a change of the account itself.
    let mapped = |state: &Path| {
        let (_, out, _) = workshop(state, &["aws", "apigateway", "get-domain-names", "--region", "eu-west-1"]);
        let names: Value = serde_json::from_str(&out).unwrap();
        let name = names["items"][0]["domainName"].as_str().expect("a domain name").to_owned();
        let (_, out, _) = workshop(
            state,
            &["aws", "apigateway", "get-base-path-mappings", "--domain-name", &name, "--region", "eu-west-1"],
        );
        serde_json::from_str::<Value>(&out).unwrap()["items"].as_array().map_or(0, Vec::len)
    };
    let state = fresh;
    assert_eq!(mapped(state.path()), 1);
    kill_in_the_middle(state.path(), "api");
    assert_eq!(mapped(state.path()), 0);
    let (_, _, error) = workshop(state.path(), &["drill", "--fault", "none"]);
    assert!(error.contains("The drill 'api' was interrupted"), "{error}");
    assert_eq!(mapped(state.path()), 1);
}

/// Copies the files of a state directory that nobody uses.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
