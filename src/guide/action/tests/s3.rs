//! `aws s3 cp`, `sync` and `rm`, and the walls of the workspace.

use super::*;
use crate::domain::md5;
use crate::guide::action::copy::content_type;
use crate::guide::action::places::Filters;

fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("site/img")).unwrap();
    std::fs::write(folder.path().join("site/index.html"), "<p>").unwrap();
    std::fs::write(folder.path().join("site/img/a.png"), "png").unwrap();
    folder
}

fn listed(objects: &[(&str, &[u8])]) -> Value {
    let contents: Vec<Value> = objects
        .iter()
        .map(|(key, bytes)| json!({ "Key": key, "Size": bytes.len(), "ETag": format!("\"{}\"", md5::hex(bytes)) }))
        .collect();
    json!({ "Contents": contents })
}

fn keys(script: &Script, api: &str) -> Vec<String> {
    script.called(api).iter().map(|call| call.input["Key"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_goes_into_a_bucket() {
    let script = Script::new().ok("PutObject", json!({ "ETag": "x" }));
    let copy = "aws s3 cp site/index.html s3://b/pages/ --cache-control no-store --region eu-west-1";
    let ran = run_in(&script, site().path(), Effect::Create, &[copy]);
    assert_eq!(ran.done().output, "upload: site/index.html to s3://b/pages/index.html");
    let put = &script.called("PutObject")[0];
    assert_eq!(
        put.input,
        json!({ "Bucket": "b", "Key": "pages/index.html", "ContentType": "text/html", "CacheControl": "no-store" })
    );
    assert_eq!(put.payload.as_deref(), Some(b"<p>".as_slice()));
}

#[test]
fn an_object_comes_into_a_file_and_into_a_folder() {
    let script = Script::new().bytes("GetObject", b"new");
    let folder = site();
    let ran = run_in(&script, folder.path(), Effect::Read, &["aws s3 cp s3://b/x/y.txt site --region eu-west-1"]);
    assert_eq!(ran.done().output, "download: s3://b/x/y.txt to site/y.txt");
    assert_eq!(std::fs::read(folder.path().join("site/y.txt")).unwrap(), b"new");
}

#[test]
fn an_object_is_copied_between_buckets_from_the_region_it_is_in() {
    let script =
        Script::new().ok("GetBucketLocation", json!({ "LocationConstraint": "eu-west-1" })).ok("CopyObject", json!({}));
    let copy = "aws s3 cp 's3://a/x y/é.txt' s3://b --region ap-southeast-1";
    let ran = run(&script, Effect::Create, &[copy]);
    assert_eq!(ran.done().output, "copy: s3://a/x y/é.txt to s3://b/é.txt");
    let call = &script.called("CopyObject")[0];
    assert_eq!(call.region, "ap-southeast-1");
    assert_eq!(call.input, json!({ "Bucket": "b", "Key": "é.txt", "CopySource": "a/x%20y/%C3%A9.txt" }));
}

#[test]
fn a_folder_goes_with_everything_below_it() {
    let script = Script::new().ok("PutObject", json!({}));
    let copy = "aws s3 cp site s3://b/www --recursive --exclude '*' --include '*.png' --region eu-west-1";
    let ran = run_in(&script, site().path(), Effect::Create, &[copy]);
    assert_eq!(ran.done().output, "upload: site/img/a.png to s3://b/www/img/a.png");
    let without = run_in(&script, site().path(), Effect::Create, &["aws s3 cp site/ s3://b/www --region eu-west-1"]);
    assert!(matches!(without.result, Err(ActionError::Local(LocalError::Form(_)))));
}

#[test]
fn sync_copies_what_differs_and_deletes_only_when_asked() {
    let there = listed(&[("index.html", b"<p>"), ("img/a.png", b"PNG"), ("old.txt", b"old")]);
    let script = || Script::new().ok("ListObjectsV2", there.clone()).ok("PutObject", json!({}));
    let first = script();
    let ran = run_in(&first, site().path(), Effect::Update, &["aws s3 sync site s3://b --region eu-west-1"]);
    assert_eq!(ran.done().output, "upload: site/img/a.png to s3://b/img/a.png");
    assert!(!ran.done().already);
    assert_eq!(keys(&first, "PutObject"), ["img/a.png"], "the same size, another content");
    let second = script().ok("DeleteObjects", json!({}));
    let sync = "aws s3 sync site s3://b --delete --region eu-west-1";
    run_in(&second, site().path(), Effect::Delete, &[sync]).result.unwrap();
    assert_eq!(second.called("DeleteObjects")[0].input["Delete"]["Objects"], json!([{ "Key": "old.txt" }]));
}

#[test]
fn syncing_again_is_done_already() {
    let script = Script::new().ok("ListObjectsV2", listed(&[("index.html", b"<p>"), ("img/a.png", b"png")]));
    let ran = run_in(&script, site().path(), Effect::Update, &["aws s3 sync site s3://b --region eu-west-1"]);
    assert_eq!(*ran.done(), Done { output: String::new(), already: true });
}

#[test]
fn sync_between_buckets_reads_all_pages() {
    let script = Script::new()
        .ok("GetBucketLocation", json!({ "LocationConstraint": null }))
        .ok(
            "ListObjectsV2",
            json!({ "Contents": [{ "Key": "a", "Size": 1, "ETag": "\"1\"" }], "IsTruncated": true, "NextContinuationToken": "n" }),
        )
        .ok(
            "ListObjectsV2",
            json!({ "Contents": [{ "Key": "b", "Size": 1, "ETag": "\"2\"" }, { "Key": "folder/", "Size": 0 }] }),
        )
        .ok("ListObjectsV2", json!({ "Contents": [{ "Key": "a", "Size": 1, "ETag": "\"1\"" }] }))
        .ok("CopyObject", json!({}));
    run(&script, Effect::Create, &["aws s3 sync s3://x s3://y --region eu-west-1"]).result.unwrap();
    assert_eq!(keys(&script, "CopyObject"), ["b"]);
    let regions: Vec<_> = script.called("ListObjectsV2").into_iter().map(|call| call.region).collect();
    assert_eq!(regions, ["us-east-1", "us-east-1", "eu-west-1"]);
}

#[test]
fn rm_deletes_one_object_or_all_in_batches() {
    let script = Script::new().ok("DeleteObject", json!({}));
    let ran = run(&script, Effect::Delete, &["aws s3 rm s3://b/k --region eu-west-1"]);
    assert_eq!(ran.done().output, "delete: s3://b/k");

    let names: Vec<String> = (0..1500).map(|n| format!("p/{n:04}")).collect();
    let objects: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let script = Script::new().ok("ListObjectsV2", listed(&objects)).ok("DeleteObjects", json!({}));
    let ran = run(&script, Effect::Delete, &["aws s3 rm s3://b/p --recursive --region eu-west-1"]);
    assert_eq!(ran.done().output.lines().count(), 1500);
    let sizes: Vec<usize> = script
        .called("DeleteObjects")
        .iter()
        .map(|call| call.input["Delete"]["Objects"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [1000, 500]);
    assert_eq!(script.called("ListObjectsV2")[0].input["Prefix"], "p/");
}

#[test]
fn rm_where_nothing_is_is_done_already() {
    let remove = "aws s3 rm s3://b --recursive --region eu-west-1";
    let script = Script::new().ok("ListObjectsV2", json!({}));
    assert!(run(&script, Effect::Delete, &[remove]).done().already);
    let script = Script::new().fail("ListObjectsV2", FailureClass::NotFound, "NoSuchBucket", "no");
    assert!(run(&script, Effect::Delete, &[remove]).done().already);
}

#[test]
fn an_object_that_cannot_be_deleted_is_named() {
    let script = Script::new()
        .ok("ListObjectsV2", listed(&[("k", b"x")]))
        .ok("DeleteObjects", json!({ "Errors": [{ "Key": "k", "Code": "AccessDenied", "Message": "no" }] }));
    let ran = run(&script, Effect::Delete, &["aws s3 rm s3://b --recursive --region eu-west-1"]);
    let Err(ActionError::Refused { failure, .. }) = ran.result else { panic!("{:?}", ran.result) };
    assert_eq!((failure.class, failure.message.as_str()), (FailureClass::Denied, "k: no"));
}

#[test]
fn no_path_leads_out_of_the_workspace() {
    let folder = site();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "s").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
    let absolute = format!("aws s3 cp {} s3://b/k --region eu-west-1", outside.path().join("secret").display());
    let mut commands = vec![
        absolute.as_str(),
        "aws s3 cp ../secret s3://b/k --region eu-west-1",
        "aws s3 cp site/../../secret s3://b/k --region eu-west-1",
        "aws s3 cp s3://b/k ../out --region eu-west-1",
        "aws s3 sync .. s3://b --region eu-west-1",
    ];
    if cfg!(unix) {
        commands.extend([
            "aws s3 cp link/secret s3://b/k --region eu-west-1",
            "aws s3 cp s3://b/k link/new/file --region eu-west-1",
            "aws s3 sync . s3://b --region eu-west-1",
        ]);
    }
    for command in commands {
        let script = Script::new().ok("ListObjectsV2", json!({}));
        let ran = run_in(&script, folder.path(), Effect::Update, &[command]);
        assert!(matches!(ran.result, Err(ActionError::Local(LocalError::Outside(_)))), "{command}: {:?}", ran.result);
    }
    // A key with dots would leave it as well.
    let script = Script::new().ok("ListObjectsV2", listed(&[("../evil", b"x")])).bytes("GetObject", b"x");
    let ran = run_in(&script, folder.path(), Effect::Read, &["aws s3 cp s3://b site --recursive --region eu-west-1"]);
    assert!(matches!(ran.result, Err(ActionError::Local(LocalError::Outside(_)))), "{:?}", ran.result);
}

#[test]
fn patterns_and_types() {
    let filters =
        Filters::new(&[(false, "*".into()), (true, "a?.[jt]s".into()), (false, "ax*".into()), (true, "[!b]+".into())]);
    let filters = filters.unwrap();
    for (name, taken) in
        [("ab.js", true), ("a/.ts", true), ("ax.js", false), ("ab.cs", false), ("c+", true), ("b+", false)]
    {
        assert_eq!(filters.take(name), taken, "{name}");
    }
    assert!(Filters::new(&[]).unwrap().take("x"));
    assert_eq!(content_type("a.b/c.HTML"), Some("text/html"));
    assert_eq!(content_type("a.html/c"), None);
}
