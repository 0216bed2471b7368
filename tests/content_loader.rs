//! What an author sees for each kind of mistake: file, line, column, the message and what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::Path;

use multi_region_workshop::content::{self, Diagnostic, Severity, Source};
use support::content::Folder;

/// The findings after `from` was replaced by `to` in one file of a good workshop.
fn after(file: &str, from: &str, to: &str) -> Vec<Diagnostic> {
    let folder = Folder::good();
    folder.replace(file, from, to);
    folder.found()
}

#[track_caller]
fn expect(found: &[Diagnostic], severity: Severity, file: &str, at: (usize, usize), message: &str, help: &str) {
    let hit = found.iter().any(|finding| {
        finding.severity == severity
            && Path::new(&finding.file).ends_with(file)
            && (finding.line, finding.column) == at
            && finding.message.contains(message)
            && finding.help.as_deref().unwrap_or_default().contains(help)
    });
    let all: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(hit, "no {severity:?} at {file}:{}:{} with {message:?} and {help:?} in:\n{}", at.0, at.1, all.join("\n"));
}

const ERROR: Severity = Severity::Error;
const WARNING: Severity = Severity::Warning;
const STEP_FILE: &str = "1-one/10-bucket.md";

#[test]
fn a_good_workshop_has_no_finding() {
    let folder = Folder::good();
    assert_eq!(folder.found(), []);
    let workshop = content::load(&folder.source()).unwrap();
    let step = &workshop.modules[0].steps[0];
    assert_eq!((step.id.as_str(), step.solution.as_slice()), ("m1.bucket", ["create".to_owned()].as_slice()));
    assert_eq!(step.actions[0].id, "m1.bucket#create");
    assert_eq!(step.checks[0].id, "m1.bucket/there");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    let found = after(STEP_FILE, "title: Make", "titel: Make");
    expect(&found, ERROR, STEP_FILE, (3, 1), "unknown key `titel`", "did you mean `title`?");
    let found = after(STEP_FILE, "eq: \"{{", "equals: \"{{");
    expect(&found, ERROR, STEP_FILE, (12, 37), "unknown key `equals`", "known here");
    let found = after("1-one/module.yaml", "needs: []", "need: []");
    expect(&found, ERROR, "1-one/module.yaml", (4, 1), "unknown key `need`", "did you mean `needs`?");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let folder = Folder::good();
    folder.write(
        "workshop.yaml",
        &Folder::WORKSHOP.replace("title: Tiny", "titel: Tiny").replace("rto: 15m", "rto: soon"),
    );
    folder.write("1-one/module.yaml", &Folder::MODULE.replace("format: 1", "format: 2"));
    let found = folder.found();
    expect(&found, ERROR, "workshop.yaml", (3, 1), "unknown key `titel`", "title");
    expect(&found, ERROR, "workshop.yaml", (4, 20), "`soon` is not a span of time", "20m");
    expect(&found, ERROR, "1-one/module.yaml", (1, 9), "format: 1", "newer guide");
}

#[test]
fn a_fact_that_nothing_gives_is_named() {
    let found = after("1-one/module.yaml", "needs: []", "needs: [m0.nothing-like-it]");
    expect(&found, ERROR, "1-one/module.yaml", (4, 9), "`m0.nothing-like-it`, which no step gives", "gives");
    let found = after("1-one/module.yaml", "gives: [m1.bucket]", "gives: [m1.bukket]");
    expect(&found, ERROR, "1-one/module.yaml", (5, 9), "`m1.bukket`, which no step gives", "did you mean `m1.bucket`?");
    let found = after("1-one/module.yaml", "needs: []", "needs: [m1.bucket]");
    expect(&found, ERROR, "1-one/module.yaml", (4, 9), "this or a later module", "");
}

#[test]
fn template_names_are_checked_where_they_stand() {
    let found = after(STEP_FILE, "# Make a bucket", "# Make {{ names.buket }}");
    expect(&found, ERROR, STEP_FILE, (23, 8), "unknown template name `names.buket`", "did you mean `names.bucket`?");
    let found = after(STEP_FILE, "A bucket in {{ region.primary }}", "A bucket in {{ region.primary");
    expect(&found, ERROR, STEP_FILE, (6, 7), "broken template: `{{` without `}}`", "{{ region.primary }}");
    let found = after(STEP_FILE, "# Make a bucket", "# Make {{ out.m1.plaice }}");
    expect(&found, ERROR, STEP_FILE, (23, 8), "unknown template name `out.m1.plaice`", "did you mean `out.m1.place`?");
    let found = after(STEP_FILE, "goal: \"A bucket", "goal: \"{{ found.region }}");
    expect(&found, ERROR, STEP_FILE, (6, 7), "unknown template name `found.region`", "only in a check's");
}

#[test]
fn anchors_lead_somewhere() {
    let found = after(STEP_FILE, "undo=#delete", "undo=#delet");
    expect(&found, ERROR, STEP_FILE, (25, 1), "the page has no fence `#delet`", "did you mean `#delete`?");
    let found = after(STEP_FILE, "fix: \"#create\"", "fix: \"#make-it\"");
    expect(&found, ERROR, STEP_FILE, (14, 80), "the page has no fence `#make-it`", "create, delete");
}

#[test]
fn ids_are_unique() {
    let folder = Folder::good();
    folder.write("1-one/20-again.md", Folder::STEP);
    let found = folder.found();
    expect(&found, ERROR, "1-one/20-again.md", (2, 1), "two steps have the id `m1.bucket`", "unique");
    let found = after(STEP_FILE, "{#delete region", "{#create region");
    expect(&found, ERROR, STEP_FILE, (30, 1), "two fences `#create`", "rename");
}

#[test]
fn a_step_proves_what_it_gives() {
    let from = &Folder::STEP[Folder::STEP.find("checks:").unwrap()..Folder::STEP.find("hints:").unwrap()];
    let found = after(STEP_FILE, from, "");
    expect(&found, ERROR, STEP_FILE, (2, 1), "has no check", "no_check");
    expect(&found, ERROR, STEP_FILE, (2, 1), "gives a fact, but has no check", "");
    let found = after(STEP_FILE, "when: not_found", "when: LocationConstraint");
    expect(&found, WARNING, STEP_FILE, (8, 5), "when nothing is found", "not_found");
    let found = after(STEP_FILE, "hints:\n  - { show: \"#create\" }\n", "");
    expect(&found, WARNING, STEP_FILE, (2, 1), "has no hint", "nudge");
}

#[test]
fn a_hint_is_for_a_check_of_the_step_or_for_one_of_its_causes() {
    let hint = |of: &str| after(STEP_FILE, "hints:\n  - {", &format!("hints:\n  - {{ for: {of},"));
    expect(&hint("nothing"), ERROR, STEP_FILE, (16, 12), "the step has no check `nothing`", "known: there");
    expect(&hint("there/gone"), ERROR, STEP_FILE, (16, 12), "has no cause `gone`", "its causes: not_found");
    assert!(hint("there/not_found").is_empty());
    assert!(hint("there").is_empty());
}

#[test]
fn fences_hold_commands_with_known_attributes() {
    let found = after(STEP_FILE, "effect=create", "efect=create");
    expect(&found, ERROR, STEP_FILE, (25, 1), "unknown attribute `efect`", "did you mean `effect`?");
    let found = after(STEP_FILE, "$ aws s3api create-bucket", "$ rm -rf /tmp/x");
    expect(&found, ERROR, STEP_FILE, (26, 1), "rm", "aws");
    let found = after(STEP_FILE, "$ aws s3api create-bucket", "$ aws s3api creat-bucket");
    expect(&found, ERROR, STEP_FILE, (26, 1), "did you mean 'create-bucket'?", "");
    let found = after(STEP_FILE, "effect=delete", "effect=read");
    expect(&found, ERROR, STEP_FILE, (30, 1), "`effect=read`, but the fence's commands delete", "confirmations");
}

#[test]
fn what_learners_would_stumble_over_is_a_warning() {
    let found = after(STEP_FILE, " undo=#delete", "");
    expect(&found, WARNING, STEP_FILE, (25, 1), "has no `undo`", "undo=#");
    let found = after(STEP_FILE, "    --region {{ region.primary }}", "    --region eu-west-1");
    expect(&found, WARNING, STEP_FILE, (27, 1), "the Region `eu-west-1` is written out", "region.primary");
    let found = after(STEP_FILE, "--bucket {{ names.bucket }} \\\n", "--bucket b-123456789012 \\\n");
    expect(&found, WARNING, STEP_FILE, (26, 1), "the account id `123456789012` is written out", "output");
    let long = format!("--bucket {} \\\n", "b".repeat(60));
    let found = after(STEP_FILE, "--bucket {{ names.bucket }} \\\n", &long);
    expect(&found, WARNING, STEP_FILE, (26, 1), "76 fit", "break the line");
    let found = after(STEP_FILE, " \\\n    --region {{ region.primary }}\n", "\n");
    expect(&found, WARNING, STEP_FILE, (25, 1), "names no Region", "--region");
}

#[test]
fn regions_exist_and_differ() {
    let found = after("workshop.yaml", "default: eu-west-1", "default: eu-wset-1");
    expect(&found, ERROR, "workshop.yaml", (6, 23), "no AWS Region `eu-wset-1`", "eu-west-1");
    let found = after("workshop.yaml", "default: eu-west-1", "default: ap-southeast-1");
    expect(&found, ERROR, "workshop.yaml", (6, 3), "both Regions are `ap-southeast-1`", "two different");
}

#[test]
fn broken_yaml_and_missing_files_have_a_place() {
    let found = after(STEP_FILE, "kind: do", "kind: [do");
    assert!(
        found.iter().any(|f| f.severity == ERROR && f.message.contains("not valid YAML") && f.line >= 4),
        "{found:?}"
    );
    let found = after(STEP_FILE, "---\nid", "id");
    expect(&found, ERROR, STEP_FILE, (1, 1), "no front matter", "---");
    let empty = tempfile::tempdir().unwrap();
    let found = content::load(&Source::Dir(empty.path().to_path_buf())).unwrap_err();
    assert!(found[0].message.contains("no workshop.yaml"));
    let found = content::load(&Source::Dir(empty.path().join("nowhere"))).unwrap_err();
    assert!(found[0].message.contains("cannot be read"));
    let folder = Folder::good();
    folder.write("assets/templates/broken.yaml", "Resources:\n  A: [\n");
    expect(&folder.found(), ERROR, "assets/templates/broken.yaml", (3, 1), "not valid YAML", "");
}

#[test]
fn nothing_leads_in_a_circle() {
    let found = after("workshop.yaml", "names:\n", "names:\n  other: \"{{ names.bucket }}\"\n");
    assert_eq!(found, []);
    let circle = "names:\n  other: \"{{ names.bucket }}-{{ names.other }}\"\n";
    let found = after("workshop.yaml", "names:\n", circle);
    expect(&found, ERROR, "workshop.yaml", (11, 10), "`names.other` uses itself", "value");
    let found = after(STEP_FILE, "path: LocationConstraint\n---", "path: \"{{ out.m1.place }}\"\n---");
    expect(&found, ERROR, STEP_FILE, (20, 11), "`out.m1.place` needs itself", "without");
}

#[test]
fn names_differ_between_learners_and_copied_files_exist() {
    let found = after("workshop.yaml", "\"tiny-{{ vars.suffix }}\"", "\"tiny\"");
    expect(&found, WARNING, "workshop.yaml", (11, 11), "`names.bucket` is the same for every learner", "vars.suffix");
    let copy = "$ aws s3 cp lambda.zip s3://{{ names.bucket }}/lambda.zip";
    let found = after(STEP_FILE, "$ aws s3api create-bucket --bucket {{ names.bucket }}", copy);
    expect(&found, ERROR, STEP_FILE, (25, 1), "no asset `lambda.zip`", "assets/");
}

#[test]
fn messages_are_short_blame_nobody_and_have_a_cause() {
    let found = after(STEP_FILE, "There is no bucket", "You forgot the bucket");
    expect(&found, WARNING, STEP_FILE, (8, 5), "the message for `not_found` blames the learner", "what is");
    let found = after(STEP_FILE, "There is no bucket", &"There is no bucket ".repeat(12));
    expect(&found, WARNING, STEP_FILE, (8, 5), "longer than 200 characters", "");
    let more = "fail:\n      - { when: Nothing, say: \"No.\" }\n      - { when: found_elsewhere, say: \"There.\" }";
    let found = after(STEP_FILE, "fail:", more);
    expect(&found, WARNING, STEP_FILE, (8, 5), "nothing leads to the cause `Nothing`", "path of an expectation");
    expect(&found, WARNING, STEP_FILE, (8, 5), "nothing leads to the cause `found_elsewhere`", "elsewhere: [");
}

#[test]
fn pages_can_be_read_aloud_and_need_no_editing() {
    let found = after(STEP_FILE, "# Make a bucket", "#### Make a bucket");
    expect(&found, WARNING, STEP_FILE, (23, 1), "a heading of level 4 follows one of level 1", "write `##`");
    let found = after(STEP_FILE, "# Make a bucket", "See ![](map.png)");
    expect(&found, WARNING, STEP_FILE, (23, 5), "an image without a text", "what it shows");
    let found = after(STEP_FILE, "--bucket {{ names.bucket }} \\\n", "--bucket <YOUR-BUCKET> \\\n");
    expect(&found, WARNING, STEP_FILE, (26, 1), "`<YOUR-BUCKET>` has to be edited", "template name");
    let found = after(STEP_FILE, "effect=create", "effect=create run=never");
    expect(&found, WARNING, STEP_FILE, (2, 1), "has no solution", "effect of create or update");
    let found = after(STEP_FILE, "kind: do", "kind: do\nsolution: [\"#create\"]");
    assert!(found.is_empty(), "{found:?}");
    let folder = Folder::good();
    folder.replace(STEP_FILE, "kind: do", "kind: do\nsolution: [\"#create\"]");
    folder.replace(STEP_FILE, "effect=create", "effect=create run=never");
    expect(&folder.found(), ERROR, STEP_FILE, (2, 1), "`#create`, which has `run=never`", "take it from the solution");
}

/// The findings after a test was put beside a good workshop.
fn with_test(text: &str) -> Vec<Diagnostic> {
    let folder = Folder::good();
    folder.write(TEST_FILE, text);
    folder.found()
}

const TEST_FILE: &str = "1-one/tests/gone.yaml";

#[test]
fn tests_beside_the_content_are_read_as_strictly() {
    let good = "format: 1
given: [solve m1.bucket]
do:
  - aws s3api delete-bucket --bucket {{ names.bucket }} --region {{ region.primary }}
  - { wait: 5m }
expect: { check: m1.bucket/there, is: fail, cause: not_found, after: 1m }
";
    assert_eq!(with_test(good), []);
    let wrong = |from: &str, to: &str| with_test(&good.replacen(from, to, 1));
    expect(&wrong("given:", "givn:"), ERROR, TEST_FILE, (2, 1), "unknown key `givn`", "did you mean `given`?");
    expect(&wrong("m1.bucket]", "m1.buket]"), ERROR, TEST_FILE, (2, 9), "no module or step `m1.buket`", "m1.bucket");
    expect(&wrong("s3api delete", "s3api delte"), ERROR, TEST_FILE, (4, 5), "did you mean 'delete-bucket'?", "");
    expect(&wrong("names.bucket", "names.buket"), ERROR, TEST_FILE, (4, 5), "template name `names.buket`", "bucket");
    expect(&wrong("wait: 5m", "wait: soon"), ERROR, TEST_FILE, (5, 13), "`soon` is not a span", "20m");
    expect(
        &wrong("wait: 5m", "run: m1.bucket#creat"),
        ERROR,
        TEST_FILE,
        (5, 12),
        "no step or fence",
        "m1.bucket#create",
    );
    expect(&wrong("wait: 5m", "sleep: 5m"), ERROR, TEST_FILE, (5, 7), "unknown key `sleep`", "known here");
    expect(&wrong("/there", "/their"), ERROR, TEST_FILE, (6, 18), "no check `m1.bucket/their`", "m1.bucket/there");
    expect(&wrong("is: fail", "is: failed"), ERROR, TEST_FILE, (6, 39), "`failed` is not known", "fail");
    expect(&wrong("cause: not_found, ", ""), ERROR, TEST_FILE, (6, 9), "a failure has a `cause`", "not_found");
    expect(&wrong("cause: not_found", "cause: lost"), ERROR, TEST_FILE, (6, 52), "no cause `lost`", "not_found");
    expect(&wrong("is: fail", "is: todo"), ERROR, TEST_FILE, (6, 52), "only `is: fail` has a cause", "");
}

#[test]
fn a_new_step_lints_except_for_its_marks() {
    let folder = Folder::good();
    let workshop = content::load(&folder.source()).unwrap();
    let (file, text) = content::new_step(&workshop, "m1.second-bucket").unwrap();
    assert_eq!(file, Path::new("1-one/20-second-bucket.md"));
    folder.write(file.to_str().unwrap(), &text);
    let found = folder.found();
    let marks = text.lines().filter(|line| line.to_lowercase().contains("fill-in")).count();
    assert_eq!(found.len(), marks, "{found:?}");
    expect(&found, WARNING, "1-one/20-second-bucket.md", (5, 8), "something is to be filled in here", "fill-in");
    let workshop = content::load(&folder.source()).unwrap();
    assert_eq!(workshop.modules[0].steps[1].title, "Second bucket");
    for (id, part) in [
        ("second", "MODULE.NAME"),
        ("m1.Second", "lower-case"),
        ("m9.second", "there is no module 'm9'; the workshop has m1"),
        ("m1.bucket", "a step 'm1.bucket' already"),
    ] {
        let error = content::new_step(&workshop, id).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn the_schemas_in_the_repository_are_those_of_the_loader() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("modules/schema");
    for kind in content::schema::KINDS {
        let file = folder.join(format!("{kind}.schema.json"));
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        let now = content::schema::text(kind).unwrap();
        assert!(written == now, "{}: not current; run `workshop content schema --out modules/schema`", file.display());
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), content::schema::KINDS.len());
    assert_eq!(content::schema::text("page"), None);
}
