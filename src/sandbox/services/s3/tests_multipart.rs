//! Tests of multipart uploads, object tags, ranges and conditions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use bytes::Bytes;
use serde_json::{Value, json};

use super::objects::{Range, byte_range};
use crate::sandbox::call::AwsError;
use crate::sandbox::{Call, World};

const R1: &str = "eu-west-1";
const MIB: usize = 1024 * 1024;

fn s3(world: &mut World, operation: &str, input: &Value, body: &[u8]) -> Result<Value, AwsError> {
    let mut call = Call::new(world, "111122223333", R1);
    call.payload = Some(Bytes::copy_from_slice(body));
    super::handler(operation).unwrap()(&mut call, input)
}

fn code(result: Result<Value, AwsError>) -> String {
    result.unwrap_err().code
}

/// A bucket with an upload of these parts; gives the upload's id and the ETags.
fn begun(sizes: &[usize]) -> (World, String, Vec<Value>) {
    let mut world = World::new(1);
    let make = json!({ "Bucket": "abc", "CreateBucketConfiguration": { "LocationConstraint": R1 } });
    s3(&mut world, "CreateBucket", &make, b"").unwrap();
    let upload = json!({ "Bucket": "abc", "Key": "k", "ChecksumAlgorithm": "CRC32", "ContentType": "text/plain" });
    let id = s3(&mut world, "CreateMultipartUpload", &upload, b"").unwrap()["UploadId"].as_str().unwrap().to_owned();
    let etags = sizes.iter().enumerate().map(|(index, size)| {
        let part = json!({ "Bucket": "abc", "Key": "k", "UploadId": id, "PartNumber": index + 1, "ChecksumAlgorithm": "CRC32" });
        s3(&mut world, "UploadPart", &part, &vec![b'x'; *size]).unwrap()["ETag"].clone()
    });
    let etags = etags.collect();
    (world, id, etags)
}

fn complete(world: &mut World, id: &str, parts: &[(u64, &Value)]) -> Result<Value, AwsError> {
    let parts: Vec<Value> = parts.iter().map(|(n, etag)| json!({ "PartNumber": n, "ETag": etag })).collect();
    let input = json!({ "Bucket": "abc", "Key": "k", "UploadId": id, "MultipartUpload": { "Parts": parts } });
    s3(world, "CompleteMultipartUpload", &input, b"")
}

#[test]
fn an_upload_is_completed_once_from_the_parts_that_are_named() {
    let (mut world, id, etags) = begun(&[5 * MIB, 3, 4]);
    assert_eq!(code(complete(&mut world, &id, &[(3, &etags[2]), (1, &etags[0])])), "InvalidPartOrder");
    assert_eq!(code(complete(&mut world, &id, &[(1, &etags[1])])), "InvalidPart");
    assert_eq!(code(complete(&mut world, &id, &[(9, &etags[1])])), "InvalidPart");
    assert_eq!(code(complete(&mut world, &id, &[(1, &etags[0]), (2, &etags[1]), (3, &etags[2])])), "EntityTooSmall");
    assert_eq!(code(complete(&mut world, &id, &[])), "MalformedXML");
    let key = json!({ "Bucket": "abc", "Key": "k" });
    assert_eq!(code(s3(&mut world, "GetObject", &key, b"")), "NoSuchKey", "nothing is there before completion");
    let done = complete(&mut world, &id, &[(1, &etags[0]), (3, &etags[2])]).unwrap();
    assert!(done["ETag"].as_str().unwrap().ends_with("-2\""), "{done}");
    assert!(done["ChecksumCRC32"].as_str().unwrap().ends_with("-2"), "{done}");
    assert_eq!(done["ChecksumType"], "COMPOSITE");
    let head = s3(&mut world, "HeadObject", &key, b"").unwrap();
    assert_eq!((&head["ContentLength"], &head["ContentType"]), (&json!(5 * MIB + 4), &json!("text/plain")));
    assert_eq!(code(complete(&mut world, &id, &[(1, &etags[0])])), "NoSuchUpload");
}

#[test]
fn an_aborted_upload_is_gone_and_an_open_one_holds_no_bucket_back() {
    let (mut world, id, _) = begun(&[3]);
    let listed = s3(&mut world, "ListMultipartUploads", &json!({ "Bucket": "abc" }), b"").unwrap();
    assert_eq!(listed["Uploads"][0]["UploadId"], id);
    let named = json!({ "Bucket": "abc", "Key": "k", "UploadId": id });
    assert_eq!(s3(&mut world, "ListParts", &named, b"").unwrap()["Parts"][0]["Size"], 3);
    let mut other = world.clone();
    s3(&mut other, "AbortMultipartUpload", &named, b"").unwrap();
    assert_eq!(code(s3(&mut other, "ListParts", &named, b"")), "NoSuchUpload");
    s3(&mut world, "DeleteBucket", &json!({ "Bucket": "abc" }), b"").unwrap();
}

#[test]
fn a_part_can_be_a_range_of_another_object() {
    let (mut world, id, _) = begun(&[]);
    s3(&mut world, "PutObject", &json!({ "Bucket": "abc", "Key": "from" }), b"0123456789").unwrap();
    let mut part = json!({ "Bucket": "abc", "Key": "k", "UploadId": id, "PartNumber": 1, "CopySource": "abc/from", "CopySourceRange": "bytes=2-10" });
    assert_eq!(code(s3(&mut world, "UploadPartCopy", &part, b"")), "InvalidArgument");
    part["CopySourceRange"] = json!("bytes=2-4");
    let etag = s3(&mut world, "UploadPartCopy", &part, b"").unwrap()["CopyPartResult"]["ETag"].clone();
    complete(&mut world, &id, &[(1, &etag)]).unwrap();
    assert_eq!(super::read_object(&world, "abc", "k").unwrap().bytes, "234");
}

#[test]
fn ranges_are_read_as_http_says() {
    assert_eq!(byte_range("bytes=0-0", 10), Range::Bytes(0, 0));
    assert_eq!(byte_range("bytes=8-99", 10), Range::Bytes(8, 9));
    assert_eq!(byte_range("bytes=-99", 10), Range::Bytes(0, 9));
    assert_eq!(byte_range("bytes=10-", 10), Range::Unsatisfiable);
    assert_eq!(byte_range("bytes=-0", 10), Range::Unsatisfiable);
    assert_eq!(byte_range("bytes=0-", 0), Range::Unsatisfiable);
    for ignored in ["bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=x-y", "bytes"] {
        assert_eq!(byte_range(ignored, 10), Range::Ignored, "{ignored}");
    }
}

#[test]
fn writes_and_deletes_can_depend_on_what_is_there() {
    let (mut world, _, _) = begun(&[]);
    let put = |world: &mut World, more: Value| {
        let mut input = json!({ "Bucket": "abc", "Key": "c" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        s3(world, "PutObject", &input, b"c")
    };
    assert_eq!(code(put(&mut world, json!({ "IfMatch": "\"x\"" }))), "NoSuchKey");
    let etag = put(&mut world, json!({ "IfNoneMatch": "*" })).unwrap()["ETag"].clone();
    assert_eq!(code(put(&mut world, json!({ "IfNoneMatch": "*" }))), "PreconditionFailed");
    put(&mut world, json!({ "IfMatch": etag })).unwrap();
    let delete = json!({ "Bucket": "abc", "Key": "c", "IfMatch": "\"x\"" });
    assert_eq!(code(s3(&mut world, "DeleteObject", &delete, b"")), "PreconditionFailed");
    assert_eq!(code(put(&mut world, json!({ "ContentMD5": "AAAA" }))), "BadDigest");
    assert_eq!(code(put(&mut world, json!({ "ChecksumCRC64NVME": "AAAA" }))), "BadDigest");
    assert_eq!(code(put(&mut world, json!({ "ChecksumAlgorithm": "MD5" }))), "NotImplemented");
}
