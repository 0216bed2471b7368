//! What S3 does beside its model: bucket names in host names, chunked uploads, root elements, URL-encoded listings.

use bytes::Bytes;
use serde_json::Value;

use super::percent;

/// The namespace of S3's answers.
pub const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Root elements of answers, which botocore's model does not record and the Rust SDK checks
/// (`protocol_serde/shape_*.rs` of aws-sdk-s3 1.157).
const ROOTS: &[(&str, &str)] = &[
    ("CompleteMultipartUpload", "CompleteMultipartUploadResult"),
    ("CopyObject", "CopyObjectResult"),
    ("CreateMultipartUpload", "InitiateMultipartUploadResult"),
    ("DeleteObjects", "DeleteResult"),
    ("GetBucketEncryption", "ServerSideEncryptionConfiguration"),
    ("GetBucketLocation", "LocationConstraint"),
    ("GetBucketReplication", "ReplicationConfiguration"),
    ("GetBucketTagging", "Tagging"),
    ("GetBucketVersioning", "VersioningConfiguration"),
    ("GetObjectTagging", "Tagging"),
    ("GetPublicAccessBlock", "PublicAccessBlockConfiguration"),
    ("ListBuckets", "ListAllMyBucketsResult"),
    ("ListMultipartUploads", "ListMultipartUploadsResult"),
    ("ListObjectVersions", "ListVersionsResult"),
    ("ListObjects", "ListBucketResult"),
    ("ListObjectsV2", "ListBucketResult"),
    ("ListParts", "ListPartsResult"),
    ("UploadPartCopy", "CopyPartResult"),
];

/// The root element of an operation's answer.
pub fn root(operation: &str) -> Option<&'static str> {
    ROOTS.iter().find(|(name, _)| *name == operation).map(|(_, root)| *root)
}

/// The path with the bucket in it, whatever the host: `bucket.s3.eu-west-1.amazonaws.com/key` is `/bucket/key`.
pub fn path_style(host: &str, path: &str) -> String {
    match bucket_of(host) {
        Some(bucket) => format!("/{bucket}{path}"),
        None => path.to_owned(),
    }
}

/// The bucket that a host name starts with.
fn bucket_of(host: &str) -> Option<&str> {
    let name =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(n, _)| n);
    if let Some(bucket) = name.strip_suffix(".localhost") {
        // `s3.localhost` and `bucket.s3.localhost` are how some tools call a local endpoint.
        return bucket.strip_suffix(".s3").or((bucket != "s3").then_some(bucket));
    }
    let front = name.strip_suffix(".amazonaws.com").or_else(|| name.strip_suffix(".amazonaws.com.cn"))?;
    let at = front.rfind(".s3.").or_else(|| front.rfind(".s3-")).or_else(|| front.strip_suffix(".s3").map(str::len))?;
    front.get(..at)
}

/// Query keys that never choose an operation: the SDK's own note, and those of presigned requests.
pub fn is_neutral_query(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("x-amz-") || ["x-id", "awsaccesskeyid", "signature", "expires"].contains(&name.as_str())
}

/// Takes `aws-chunked` off a body: the bytes, and the trailing headers.
pub fn unchunk(body: &Bytes) -> Result<(Bytes, Vec<(String, String)>), String> {
    let broken = || "the aws-chunked body is cut off or malformed".to_owned();
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest: &[u8] = body;
    loop {
        let (line, after) = split_line(rest).ok_or_else(broken)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| broken())?;
        rest = after;
        if size == 0 {
            break;
        }
        bytes.extend_from_slice(rest.get(..size).ok_or_else(broken)?);
        rest = rest.get(size..).and_then(|tail| tail.strip_prefix(b"\r\n")).ok_or_else(broken)?;
    }
    let mut trailers = Vec::new();
    while let Some((line, after)) = split_line(rest) {
        if let Some((name, value)) = line.split_once(':') {
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        rest = after;
    }
    Ok((bytes.into(), trailers))
}

fn split_line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let at = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(bytes.get(..at)?).ok()?, bytes.get(at + 2..)?))
}

/// Encodes the names in a listing when the client asked for `encoding-type=url`, which boto3 always does.
pub fn encode_listing(operation: &str, input: &Value, output: &mut Value) {
    if !operation.starts_with("ListObject") || input.get("EncodingType") != Some(&Value::from("url")) {
        return;
    }
    let Value::Object(fields) = output else { return };
    fields.insert("EncodingType".into(), "url".into());
    let encoded = ["Prefix", "Delimiter", "StartAfter", "Marker", "NextMarker", "KeyMarker", "NextKeyMarker"];
    for name in encoded {
        if let Some(value) = fields.get_mut(name) {
            encode(value);
        }
    }
    for (list, name) in
        [("Contents", "Key"), ("Versions", "Key"), ("DeleteMarkers", "Key"), ("CommonPrefixes", "Prefix")]
    {
        let items = fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        items.filter_map(|item| item.get_mut(name)).for_each(encode);
    }
}

fn encode(value: &mut Value) {
    if let Value::String(text) = value {
        *text = percent::encode_path(text);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bucket_is_found_in_host_or_path() {
        for (host, path) in [
            ("b.s3.eu-west-1.amazonaws.com", "/b/k"),
            ("b.s3.amazonaws.com", "/b/k"),
            ("b.s3-eu-west-1.amazonaws.com", "/b/k"),
            ("dotted.name.s3.eu-west-1.amazonaws.com:443", "/dotted.name/k"),
            ("b.localhost:4566", "/b/k"),
            ("b.s3.localhost", "/b/k"),
            ("s3.eu-west-1.amazonaws.com", "/k"),
            ("s3.localhost:9", "/k"),
            ("127.0.0.1:4566", "/k"),
            ("localhost", "/k"),
            ("[::1]:80", "/k"),
        ] {
            assert_eq!(path_style(host, "/k"), path, "{host}");
        }
    }

    #[test]
    fn chunks_are_joined_and_trailers_kept() {
        let body = "5;chunk-signature=ab\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n";
        let (bytes, trailers) = unchunk(&Bytes::from(body)).unwrap();
        assert_eq!(bytes, "hello world");
        assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "AAAA".to_owned())]);
        assert_eq!(unchunk(&Bytes::from("0\r\n\r\n")).unwrap().0, "");
        for broken in ["", "5\r\nhel", "zz\r\n", "5\r\nhelloX\r\n0\r\n", "ffffffffffffffff\r\nx\r\n"] {
            assert!(unchunk(&Bytes::from(broken)).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn listings_are_encoded_only_on_request() {
        let plain = json!({"Prefix": "a b/", "Contents": [{"Key": "a b/ü"}], "CommonPrefixes": [{"Prefix": "a b/c/"}]});
        let mut output = plain.clone();
        encode_listing("ListObjectsV2", &json!({}), &mut output);
        assert_eq!(output, plain);
        encode_listing("ListObjectsV2", &json!({"EncodingType": "url"}), &mut output);
        assert_eq!(output["Contents"][0]["Key"], "a%20b/%C3%BC");
        assert_eq!((&output["EncodingType"], &output["Prefix"]), (&json!("url"), &json!("a%20b/")));
    }
}
