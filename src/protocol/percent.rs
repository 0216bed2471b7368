//! Percent-encoding of paths, query strings and forms.

use std::fmt::Write;

/// Encodes everything but the unreserved characters of RFC 3986, as AWS's signatures want it.
pub fn encode(text: &str) -> String {
    encode_but(text, "")
}

/// Like [`encode`], but leaves slashes, for a greedy label of a path.
pub fn encode_path(text: &str) -> String {
    encode_but(text, "/")
}

fn encode_but(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(character) || (byte.is_ascii() && kept.contains(character)) {
            out.push(character);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Decodes `%41`; what is no escape stays as it is, and what is not UTF-8 becomes `�`.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = escaped
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The decoded pairs of a form or query string; a name without `=` has an empty value.
pub fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes() {
        let text = "a b/ü~%+&=?";
        assert_eq!(encode(text), "a%20b%2F%C3%BC~%25%2B%26%3D%3F");
        assert_eq!(decode(&encode(text)), text);
        assert_eq!(encode_path("a/b c"), "a/b%20c");
    }

    #[test]
    fn broken_escapes_stay() {
        for text in ["%", "%4", "%zz", "100%", "%é", "%+1"] {
            assert_eq!(decode(text), text);
        }
    }

    #[test]
    fn pairs_are_split_and_decoded() {
        let pairs: Vec<_> = pairs("versioning&a=1%202&b=x+y&&c=").collect();
        let expect = [("versioning", ""), ("a", "1 2"), ("b", "x y"), ("c", "")];
        assert_eq!(pairs, expect.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
