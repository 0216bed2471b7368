//! Checksums that a client sends with its bytes: checked, kept, and given back.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::domain::md5;
use crate::sandbox::call::{AwsError, text};

/// The members that carry a checksum. Behind `Checksum` stands the algorithm's name.
const MEMBERS: [&str; 5] = ["ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256"];

/// The member of an algorithm.
fn member_of(algorithm: &str) -> Option<&'static str> {
    MEMBERS.into_iter().find(|member| member.strip_prefix("Checksum") == Some(algorithm))
}

/// Refuses an algorithm that is not simulated, by name.
pub(super) fn known(algorithm: &str) -> Result<&'static str, AwsError> {
    member_of(algorithm).ok_or_else(|| {
        AwsError::with_status(501, "NotImplemented", format!("The sandbox does not simulate {algorithm} checksums."))
    })
}

/// The checksum of `bytes` under a member's name, in base64.
fn compute(member: &str, bytes: &[u8]) -> String {
    let crc32 = |algorithm| {
        let [.., a, b, c, d] = crc_fast::checksum(algorithm, bytes).to_be_bytes();
        STANDARD.encode([a, b, c, d])
    };
    match member {
        "ChecksumSHA256" => STANDARD.encode(Sha256::digest(bytes)),
        "ChecksumSHA1" => STANDARD.encode(Sha1::digest(bytes)),
        "ChecksumCRC64NVME" => STANDARD.encode(crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes).to_be_bytes()),
        "ChecksumCRC32C" => crc32(CrcAlgorithm::Crc32Iscsi),
        _ => crc32(CrcAlgorithm::Crc32IsoHdlc),
    }
}

/// The bytes of a hexadecimal digest.
fn unhex(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// Checks the digests that came with the bytes, and gives those that are kept.
///
/// # Errors
/// `BadDigest` when one does not fit, `NotImplemented` for an algorithm that is not simulated.
pub(super) fn check(input: &Value, bytes: &[u8]) -> Result<BTreeMap<String, String>, AwsError> {
    let asked = text(input, "ChecksumAlgorithm").map(known).transpose()?;
    let own = || STANDARD.encode(unhex(&md5::hex(bytes)));
    if let Some(given) = text(input, "ContentMD5").filter(|given| *given != own()) {
        return Err(AwsError {
            fields: json!({ "ExpectedDigest": given }),
            ..AwsError::client("BadDigest", "The Content-MD5 you specified did not match what we received.")
        });
    }
    let mut kept = BTreeMap::new();
    for member in MEMBERS {
        let computed = || compute(member, bytes);
        match text(input, member) {
            Some(given) if given != computed() => {
                let name = member.trim_start_matches("Checksum");
                return Err(AwsError::client(
                    "BadDigest",
                    format!("The {name} you specified did not match the calculated checksum."),
                ));
            }
            Some(given) => drop(kept.insert(member.to_owned(), given.to_owned())),
            None if asked == Some(member) => drop(kept.insert(member.to_owned(), computed())),
            None => {}
        }
    }
    Ok(kept)
}

/// The checksum of a multipart object: of all its bytes, or (composite) of the checksums of its parts and how many there
/// were.
/// Source: Amazon S3 User Guide, "Checking object integrity": CRC64NVME is always of the full object; the others are
/// composite unless the upload says otherwise.
pub(super) fn of_upload<'p>(
    algorithm: &str,
    kind: Option<&str>,
    bytes: &[u8],
    parts: impl Iterator<Item = &'p BTreeMap<String, String>>,
) -> Option<(String, String)> {
    let member = member_of(algorithm)?;
    if algorithm == "CRC64NVME" || kind == Some("FULL_OBJECT") {
        return Some((member.to_owned(), compute(member, bytes)));
    }
    let digests: Option<Vec<Vec<u8>>> = parts.map(|part| STANDARD.decode(part.get(member)?).ok()).collect();
    let digests = digests.filter(|digests| !digests.is_empty())?;
    Some((member.to_owned(), format!("{}-{}", compute(member, &digests.concat()), digests.len())))
}

/// `COMPOSITE` or `FULL_OBJECT`, as a kept checksum shows by its form.
pub(super) fn kind(checksums: &BTreeMap<String, String>) -> Option<&'static str> {
    let first = checksums.values().next()?;
    Some(if first.contains('-') { "COMPOSITE" } else { "FULL_OBJECT" })
}

/// The ETag of a multipart object: the MD5 of its parts' MD5s, and how many there were.
pub(super) fn multipart_etag<'p>(etags: impl Iterator<Item = &'p str>) -> String {
    let digests: Vec<Vec<u8>> = etags.map(unhex).collect();
    format!("{}-{}", md5::hex(&digests.concat()), digests.len())
}

#[cfg(test)]
mod tests {
    use super::compute;

    /// Check values of the CRC catalogue (reveng) and of the NIST examples, in base64.
    #[test]
    fn each_algorithm_gives_its_published_check_value() {
        let of = |member: &str| compute(member, b"123456789");
        assert_eq!(of("ChecksumCRC32"), "y/Q5Jg==");
        assert_eq!(of("ChecksumCRC32C"), "4waSgw==");
        assert_eq!(of("ChecksumCRC64NVME"), "rosUhgp5mIg=");
        assert_eq!(of("ChecksumSHA1"), "98O8HYCOBHMq32eZZczDTKeuNEE=");
        assert_eq!(of("ChecksumSHA256"), "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=");
    }
}
