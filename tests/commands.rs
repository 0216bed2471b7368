//! The command line as scripts meet it: messages that name the place and the remedy, the documented exit codes, and
//! nothing lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{ChildStdout, Command, Output, Stdio};

use serde_json::Value;

/// Runs `workshop` with its state in `state`, without a terminal and without any AWS credentials.
fn workshop(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_workshop"))
        .arg("--state")
        .arg(state)
        .args(arguments)
        .stdin(Stdio::null())
        .env("HOME", state)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env_remove("AWS_PROFILE")
        .output()
        .expect("the program starts")
}

/// The exit code and the message.
fn refused(state: &Path, arguments: &[&str]) -> (i32, String) {
    let output = workshop(state, arguments);
    (output.status.code().expect("an exit code"), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn wrong_regions_are_named_with_the_remedy() {
    let state = tempfile::tempdir().unwrap();
    let (code, message) = refused(state.path(), &["check", "m0", "--primary", "eu-wset-1"]);
    assert_eq!(code, 2);
    assert!(message.contains("eu-wset-1") && message.contains("eu-west-1"), "{message}");
    let (code, message) = refused(state.path(), &["check", "m0", "--secondary", "eu-west-1"]);
    assert_eq!(code, 2);
    assert!(message.contains("--primary") && message.contains("--secondary"), "{message}");
}

#[test]
fn a_full_screen_without_a_terminal_names_the_other_ways() {
    let state = tempfile::tempdir().unwrap();
    let (code, message) = refused(state.path(), &[]);
    assert_eq!(code, 3);
    assert!(message.contains("--plain") && message.contains("workshop run all"), "{message}");
}

#[test]
fn a_reader_that_goes_away_stops_nothing_and_a_full_disk_is_told() {
    let state = tempfile::tempdir().unwrap();
    let spoken = |words: &[&str], out: Stdio| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_workshop"));
        program.arg("--state").arg(state.path()).args(words).stdout(out).stderr(Stdio::piped());
        program.spawn().unwrap()
    };
    let full = Path::new("/dev/full");
    for words in [&["content", "lint"][..], &["completions", "bash"], &["man"]] {
        let mut program = spoken(words, Stdio::piped());
        drop(program.stdout.take());
        let output = program.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        if full.exists() {
            let disk = std::fs::File::options().write(true).open(full).unwrap();
            let output = spoken(words, disk.into()).wait_with_output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(5), "{words:?}: {message}");
            assert!(message.contains("standard output cannot be written"), "{words:?}: {message}");
        }
    }
    let left: Vec<_> = std::fs::read_dir(state.path()).unwrap().collect();
    assert!(left.is_empty(), "a crash file: {left:?}");
}

#[test]
fn a_state_directory_that_cannot_be_written_is_named() {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let (code, message) = refused(&file, &["check", "m0"]);
    assert_eq!(code, 5);
    assert!(message.contains("file") && message.contains("--state"), "{message}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "x");
}

#[test]
fn real_aws_without_credentials_says_what_to_do_and_does_nothing() {
    let state = tempfile::tempdir().unwrap();
    let (code, message) = refused(state.path(), &["--aws", "check", "m0"]);
    assert_eq!(code, 4);
    assert!(message.contains("no AWS credentials") && message.contains("--profile"), "{message}");
    let left: Vec<_> = std::fs::read_dir(state.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_damaged_journal_is_kept_aside() {
    let state = tempfile::tempdir().unwrap();
    assert_eq!(workshop(state.path(), &["aws", "sts", "get-caller-identity"]).status.code(), Some(0));
    let run = state.path().join("sandbox-eu-west-1-ap-southeast-1");
    let damaged = "{\"at\":1,\"event\":\"mode_chosen\",\"mode\":\"guided\"}\nnot json at all\n{\"at\":2,\"event\":\"mode_chosen\",\"mode\":\"typed\"}\n";
    std::fs::write(run.join("journal.ndjson"), damaged).unwrap();
    let output = workshop(state.path(), &["check", "m0"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("journal"), "{message}");
    let kept = std::fs::read_dir(&run)
        .unwrap()
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().contains("damaged"));
    assert_eq!(std::fs::read_to_string(kept.expect("a copy").path()).unwrap(), damaged);
}

#[test]
fn content_with_a_mistake_is_refused_with_its_place() {
    let state = tempfile::tempdir().unwrap();
    let modules = state.path().join("w");
    std::fs::create_dir_all(&modules).unwrap();
    std::fs::write(modules.join("workshop.yaml"), "format: 1\nid: w\ntitel: T\n").unwrap();
    let folder = modules.to_str().unwrap();
    let (code, message) = refused(state.path(), &["--modules", folder, "content", "lint"]);
    assert_eq!(code, 2);
    assert!(message.contains("workshop.yaml:3:") && message.contains("title"), "{message}");
}

#[test]
fn an_unknown_module_fault_and_operation_are_refused_by_name() {
    let state = tempfile::tempdir().unwrap();
    for (arguments, code, word) in [
        (vec!["run", "m9", "--fresh"], 2, "m9"),
        (vec!["check", "m9"], 2, "m9"),
        (vec!["drill", "--fault", "meteor"], 2, "meteor"),
        (vec!["aws", "rds", "create-db-clutser"], 2, "create-db-cluster"),
        (vec!["aws", "rds", "describe-db-clusters", "--db-cluster-identifier", "none"], 4, "DBClusterNotFoundFault"),
    ] {
        let (got, message) = refused(state.path(), &arguments);
        assert_eq!(got, code, "{arguments:?}: {message}");
        assert!(message.contains(word), "{arguments:?}: {message}");
    }
}

#[test]
fn one_operation_prints_what_the_aws_cli_would() {
    let state = tempfile::tempdir().unwrap();
    let output = workshop(state.path(), &["aws", "sts", "get-caller-identity"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer.get("Account").and_then(Value::as_str), Some("111122223333"));
    let output = workshop(state.path(), &["aws", "sts", "get-caller-identity", "--query", "Account"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "\"111122223333\"");
}

#[test]
fn a_module_is_walked_and_checked_and_a_walk_that_would_delete_it_refuses() {
    let state = tempfile::tempdir().unwrap();
    let output = workshop(state.path(), &["run", "m1", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.last().unwrap();
    assert_eq!(summary.get("event").and_then(Value::as_str), Some("summary"));
    assert_eq!(summary.get("rpo_verdict").and_then(Value::as_str), Some("NOT EXERCISED"));
    assert!(summary.get("rpo_seconds").is_some_and(Value::is_null));
    assert_eq!(workshop(state.path(), &["check", "m1", "--json"]).status.code(), Some(0));
    let (code, message) = refused(state.path(), &["run", "all"]);
    assert_eq!(code, 3);
    assert!(message.contains("--fresh"), "{message}");
    // Somebody removes a bucket behind the guide's back: the step falls back.
    let buckets = workshop(state.path(), &["aws", "s3api", "list-buckets", "--query", "Buckets[].Name"]);
    let names: Vec<String> = serde_json::from_slice(&buckets.stdout).unwrap();
    let bucket = names.iter().find(|name| name.contains("artifacts") && name.ends_with("-r2")).unwrap();
    let there = ["--region", "ap-southeast-1"];
    let emptied =
        workshop(state.path(), &[&["aws", "s3", "rm", &format!("s3://{bucket}"), "--recursive"], &there[..]].concat());
    assert_eq!(emptied.status.code(), Some(0));
    let deleted =
        workshop(state.path(), &[&["aws", "s3api", "delete-bucket", "--bucket", bucket], &there[..]].concat());
    assert_eq!(deleted.status.code(), Some(0), "{}", String::from_utf8_lossy(&deleted.stderr));
    let checked = workshop(state.path(), &["check", "m1.artifacts"]);
    assert_eq!(checked.status.code(), Some(1), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn a_fault_is_started_listed_and_stopped_and_an_unknown_one_is_named() {
    let state = tempfile::tempdir().unwrap();
    let fault = |rest: &[&str]| workshop(state.path(), &[&["sandbox", "fault"], rest].concat());
    let (code, message) = refused(state.path(), &["sandbox", "fault", "start", "grey-failur", "eu-west-1"]);
    assert!(code == 2 && message.contains("did you mean 'grey-failure'?"), "{message}");
    let started = fault(&["start", "slow-answers", "eu-west-1", "--set", "seconds=3"]);
    assert!(started.status.success());
    let id = String::from_utf8_lossy(&started.stdout).split(':').next().unwrap().to_owned();
    let listed = String::from_utf8_lossy(&fault(&["list"]).stdout).into_owned();
    assert!(listed.contains(&format!("active {id}: slow-answers {{\"seconds\":3}} in eu-west-1")), "{listed}");
    assert!(fault(&["stop", &id]).status.success());
    let (code, message) = refused(state.path(), &["sandbox", "fault", "stop", &id]);
    assert!(code == 1 && message.contains(&id), "{message}");
}

#[test]
fn a_snapshot_is_restored_elsewhere_and_a_damaged_one_is_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bucket = ["aws", "s3api", "create-bucket", "--bucket", "kept-in-a-snapshot", "--region", "us-east-1"];
    assert!(workshop(one.path(), &bucket).status.success());
    let file = one.path().join("world.snapshot");
    let path = file.to_str().unwrap();
    assert!(workshop(one.path(), &["sandbox", "snapshot", path]).status.success());
    let head = ["aws", "s3api", "head-bucket", "--bucket", "kept-in-a-snapshot", "--region", "us-east-1"];
    assert_eq!(workshop(two.path(), &head).status.code(), Some(4));
    assert!(workshop(two.path(), &["sandbox", "restore", path]).status.success());
    assert!(workshop(two.path(), &head).status.success());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&file, &bytes).unwrap();
    let (code, message) = refused(two.path(), &["sandbox", "restore", path]);
    assert!(code == 5 && message.contains("damaged"), "{message}");
    assert!(workshop(two.path(), &head).status.success(), "what was there stays");
}

/// A process that ends with its owner.
struct Served(std::process::Child, BufReader<ChildStdout>);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves the account of a state directory; the URL at which it answers.
fn serve(state: &Path) -> (Served, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .arg("--state")
        .arg(state)
        .args(["sandbox", "serve", "--port", "0", "--shop-port", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Kept open: a program that talks to nobody is not what is tested.
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let mut served = Served(child, output);
    let url = served.1.by_ref().lines().map_while(Result::ok).find_map(|line| {
        let url = &line[line.find("http://127.0.0.1:")?..];
        Some(url.split(['.', ' ']).take(4).collect::<Vec<_>>().join("."))
    });
    (served, url.expect("a URL"))
}

/// The guide as text at that endpoint, with these lines typed.
fn typed(state: &Path, url: &str, lines: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .arg("--state")
        .arg(state)
        .args(["--plain", "--endpoint-url", url])
        .env("AWS_ACCESS_KEY_ID", "sandbox")
        .env("AWS_SECRET_ACCESS_KEY", "sandbox")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("its input").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned()
}

#[test]
fn a_run_that_the_account_holds_is_offered_and_taken_up_only_when_it_is_chosen() {
    let (first, second, third) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(workshop(first.path(), &["--seed", "5", "run", "m1"]).status.success());
    let (_served, url) = serve(first.path());
    let offer = "This account holds a run of this workshop";
    // Enter begins a new run, and the question comes again as long as nothing was done in it.
    let said = typed(third.path(), &url, "\nq\n");
    assert!(said.contains(offer) && !said.contains("This goes on"), "{said}");
    let said = typed(second.path(), &url, "1\nq\nq\n");
    assert!(said.contains(offer) && said.contains("last at m1.pipeline"), "{said}");
    assert!(said.contains("This goes on with the run"), "{said}");
    assert!(said.contains("Module 1, step 8"), "where its learner was last: {said}");
    // Known now, it is not offered again, and its things are found.
    let said = typed(second.path(), &url, "q\nq\n");
    assert!(!said.contains(offer), "{said}");
    let asked = Command::new(env!("CARGO_BIN_EXE_workshop"))
        .args(["check", "m1.artifacts", "--endpoint-url", &url, "--state"])
        .arg(second.path())
        .env("AWS_ACCESS_KEY_ID", "sandbox")
        .env("AWS_SECRET_ACCESS_KEY", "sandbox")
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stdout));
}
