//! `workshop content test`: what holds in the bookstore, and each test seen to fail on a workshop that is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use multi_region_workshop::content::Source;
use multi_region_workshop::engine::content_test::{self, Kind, Options, Report};
use support::content::Folder;

async fn tested(source: Source, module: Option<&str>) -> Report {
    let options = Options { source, module: module.map(str::to_owned), ..Options::default() };
    // A task of its own: deep futures do not stand on the test's stack.
    tokio::spawn(async move { content_test::run(options, &|_| {}).await.unwrap() }).await.unwrap()
}

#[track_caller]
fn assert_holds(report: &Report) {
    let failed: Vec<String> =
        report.failed().map(|case| format!("{:?} {}: {:?}", case.test, case.subject, case.findings)).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The findings of one test after `from` was replaced by `to` in the step of a good workshop.
async fn after(kind: Kind, from: &str, to: &str) -> Vec<String> {
    let folder = Folder::solvable();
    folder.replace("1-one/10-bucket.md", from, to);
    let report = tested(folder.source(), None).await;
    let of = |case: &&content_test::Case| case.test == kind;
    report.failed().filter(of).flat_map(|case| case.findings.clone()).collect()
}

#[track_caller]
fn expect(findings: &[String], part: &str) {
    assert!(findings.iter().any(|finding| finding.contains(part)), "no {part:?} in {findings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_modules_of_the_bookstore_hold() {
    for module in ["m0", "m1"] {
        assert_holds(&tested(Source::Embedded, Some(module)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_holds_and_its_module_is_named_when_there_is_none() {
    assert_holds(&tested(Source::Embedded, Some("m4")).await);
    let options = Options { module: Some("m9".to_owned()), ..Options::default() };
    let error = tokio::spawn(async move { content_test::run(options, &|_| {}).await.unwrap_err() }).await.unwrap();
    assert!(error.to_string().contains("'m9'") && error.to_string().contains("m0, m1"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn us_east_1_may_be_the_primary_region() {
    // Where buckets take no constraint, and where CloudFront's certificate stands beside the Region's own.
    let options = Options {
        module: Some("m4".to_owned()),
        only: [Kind::T3, Kind::T5].into(),
        primary: Some("us-east-1".to_owned()),
        ..Options::default()
    };
    assert_holds(&tokio::spawn(async move { content_test::run(options, &|_| {}).await.unwrap() }).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_workshop_holds() {
    let report = tested(Folder::solvable().source(), None).await;
    assert_holds(&report);
    assert!(
        [Kind::T1, Kind::T2, Kind::T3, Kind::T4, Kind::T5, Kind::T8, Kind::T9]
            .iter()
            .all(|kind| report.cases.iter().any(|case| case.test == *kind))
    );
    assert_eq!(report.times.iter().map(|time| time.step.as_str()).collect::<Vec<_>>(), ["m1.bucket"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_tells_what_does_not_compile() {
    expect(&after(Kind::T1, "title: Make", "titel: Make").await, "10-bucket.md:3:1: error: unknown key `titel`");
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_tells_a_check_that_passes_before_its_step() {
    let wrong = "read: aws sts get-caller-identity --region {{ region.primary }}\n    expect:\n      - { path: Account, exists: true }\n    fail";
    let found = after(Kind::T2, &read(), wrong).await;
    expect(&found, "m1.bucket/there passes before its step");
    let excuse = "    already: \"It may.\"\n    fail:";
    expect(&after(Kind::T2, "    fail:", excuse).await, "take its `already` away");
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_tells_a_step_that_its_solution_does_not_solve() {
    let found = after(
        Kind::T3,
        "- { path: LocationConstraint, eq: \"{{ region.primary }}\" }",
        "- { path: LocationConstraint, eq: \"{{ region.secondary }}\" }",
    )
    .await;
    expect(&found, "m1.bucket/there is fail");
}

#[tokio::test(flavor = "multi_thread")]
async fn t4_tells_what_a_second_run_changes() {
    let twice = "effect=create undo=#delete}\n$ aws acm request-certificate \\\n    --domain-name a.example.com \\\n    --validation-method DNS \\\n    --region {{ region.primary }}";
    expect(&after(Kind::T4, "effect=create undo=#delete}", twice).await, "AWS::CertificateManager::Certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn t5_tells_a_cause_without_a_test_and_a_test_that_does_not_hold() {
    let folder = Folder::solvable();
    let found = |report: &Report| -> Vec<String> {
        report.cases.iter().filter(|case| case.test == Kind::T5).flat_map(|case| case.findings.clone()).collect()
    };
    folder.write("1-one/tests/gone.yaml", "format: 1\ncases: []\n");
    expect(&found(&tested(folder.source(), None).await), "no test provokes the cause `not_found` of m1.bucket/there");
    let answer = |deed: &str| {
        format!(
            "format: 1\ngiven: [solve m1]\ndo:\n  - {deed}\nexpect: {{ check: m1.bucket/there, is: fail, cause: not_found }}\n"
        )
    };
    let delete = "aws s3api delete-bucket --bucket {{ names.bucket }} --region {{ region.primary }}";
    folder.write("1-one/tests/gone.yaml", &answer(delete));
    assert_eq!(found(&tested(folder.source(), None).await), Vec::<String>::new());
    folder.write("1-one/tests/gone.yaml", &answer("{ wait: 1m }"));
    expect(&found(&tested(folder.source(), None).await), "m1.bucket/there should be fail (not_found), and is pass");
    folder.write("1-one/tests/gone.yaml", &answer(&format!("{{ refused: \"{delete}\" }}")));
    expect(&found(&tested(folder.source(), None).await), "should be refused, and was not");
    folder.write("1-one/tests/gone.yaml", &answer(delete));
    folder.replace("1-one/10-bucket.md", "say: \"There is", "say: \"{{ out.m1.place }}: There is");
    expect(&found(&tested(folder.source(), None).await), "has a value that is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn t6_and_t7_tell_what_the_clean_up_leaves() {
    let folder = Folder::solvable();
    folder.write("workshop.yaml", &Folder::WORKSHOP.replace("modules: [m1]", "modules: [m1, m2]"));
    folder.write(
        "2-two/module.yaml",
        "format: 1\nid: m2\ntitle: Two\nneeds: []\ngives: []\ntime: { p50: 5m, p95: 10m }\n",
    );
    let cleaner = |what: &str| {
        let head = "---\nid: gone\ntitle: Gone\nkind: clean-up\ngoal: \"Nothing is left.\"\nno_check: \"A test of the tests.\"\nsolution: [\"#go\"]\nhints:\n  - { show: \"#go\" }\n---\n\n# Gone\n\n";
        format!("{head}```bash {{#go region=primary effect={what}\n```\n")
    };
    let deletes = cleaner(
        "delete}\n$ aws s3api delete-bucket \\\n    --bucket {{ names.bucket }} \\\n    --region {{ region.primary }}",
    );
    folder.write("2-two/10-gone.md", &deletes);
    assert_holds(&tested(folder.source(), None).await);
    let looks = cleaner("read}\n$ aws s3api list-buckets \\\n    --region {{ region.primary }}");
    folder.write("2-two/10-gone.md", &looks);
    let report = tested(folder.source(), None).await;
    let failed: Vec<Kind> = report.failed().map(|case| case.test).collect();
    assert_eq!(failed, [Kind::T6]);
    expect(&report.failed().next().unwrap().findings, "AWS::S3::Bucket tiny-");
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_tells_what_a_module_needs_and_does_not_say() {
    let folder = Folder::solvable();
    folder.write("workshop.yaml", &Folder::WORKSHOP.replace("modules: [m1]", "modules: [m1, m2]"));
    let module = |needs: &str| {
        format!("format: 1\nid: m2\ntitle: Two\nneeds: [{needs}]\ngives: []\ntime: {{ p50: 5m, p95: 10m }}\n")
    };
    let step = "---\nid: tag\ntitle: Tag\nkind: do\ngoal: \"A tag.\"\nno_check: \"A test of the tests.\"\nhints:\n  - { show: \"#go\" }\n---\n\n# Tag\n\n```bash {#go region=primary effect=update}\n$ aws s3api put-bucket-versioning \\\n    --bucket {{ names.bucket }} \\\n    --versioning-configuration Status=Enabled \\\n    --region {{ region.primary }}\n```\n";
    folder.write("2-two/10-tag.md", step);
    folder.write("2-two/module.yaml", &module("m1.bucket"));
    assert_holds(&tested(folder.source(), None).await);
    folder.write("2-two/module.yaml", &module(""));
    let report = tested(folder.source(), None).await;
    let failed: Vec<(Kind, &str)> = report.failed().map(|case| (case.test, case.subject.as_str())).collect();
    assert_eq!(failed, [(Kind::T8, "m2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn t9_tells_a_failure_on_the_way_and_a_time_that_is_too_short() {
    // A stack of the network needs minutes; its state on the way must be declared as pending.
    let stack = "effect=create undo=#delete}\n$ aws cloudformation create-stack \\\n    --stack-name {{ names.bucket }} \\\n    --template-body '{\"Resources\":{\"V\":{\"Type\":\"AWS::EC2::VPC\",\"Properties\":{\"CidrBlock\":\"10.0.0.0/16\"}}}}' \\\n    --region {{ region.primary }}";
    let folder = Folder::solvable();
    folder.replace("1-one/10-bucket.md", "effect=create undo=#delete}", stack);
    let asks = |pending: &str| {
        format!(
            "read: aws cloudformation describe-stacks --stack-name {{{{ names.bucket }}}} --region {{{{ region.primary }}}}\n    expect:\n      - {{ path: \"Stacks[0].StackStatus\", eq: CREATE_COMPLETE{pending} }}\n    within: 1m\n    fail"
        )
    };
    folder.replace("1-one/10-bucket.md", &read(), &asks(""));
    let found = |report: &Report| -> Vec<String> {
        report.cases.iter().filter(|case| case.test == Kind::T9).flat_map(|case| case.findings.clone()).collect()
    };
    expect(&found(&tested(folder.source(), None).await), "m1.bucket/there failed");
    folder.replace("1-one/10-bucket.md", &asks(""), &asks(", pending: [CREATE_IN_PROGRESS]"));
    assert_eq!(found(&tested(folder.source(), None).await), Vec::<String>::new());
    folder.replace("1-one/10-bucket.md", "within: 1m", "within: 1s");
    expect(&found(&tested(folder.source(), None).await), "its `within` says 1 s");
}

/// The check of the good workshop's step, from its question to its messages.
fn read() -> String {
    let step = Folder::STEP;
    let (from, to) = (step.find("read: ").unwrap(), step.find("fail").unwrap() + "fail".len());
    step[from..to].to_owned()
}
