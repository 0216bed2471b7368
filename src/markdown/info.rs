//! The info string of a fence: a language, then attributes in braces.

use std::collections::BTreeMap;

use super::document::Fence;

/// Reads `bash {#create region=secondary wait="a b" hidden}` into a fence without text.
pub(super) fn parse(info: &str) -> Fence {
    let mut fence = Fence::default();
    let info = info.trim();
    let (language, rest) = match info.find('{') {
        Some(at) => info.split_at(at),
        None => (info, ""),
    };
    let language = language.trim();
    if language.contains(char::is_whitespace) {
        fence.problems.push(format!("one word is expected before the braces, found '{language}'"));
    }
    fence.language.push_str(language.split_whitespace().next().unwrap_or(""));
    if rest.is_empty() {
        return fence;
    }
    let inner = rest.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_else(|| {
        fence.problems.push(String::from("the attributes do not end with '}'"));
        rest.trim_start_matches('{')
    });
    let Fence { id, attributes, problems, .. } = &mut fence;
    words(inner, problems, |word, quoted, problems| attribute(word, quoted, id, attributes, problems));
    fence
}

fn attribute(
    word: &str,
    value: Option<String>,
    id: &mut Option<String>,
    attributes: &mut BTreeMap<String, String>,
    problems: &mut Vec<String>,
) {
    if let (Some(name), None) = (word.strip_prefix('#'), &value) {
        if name.is_empty() {
            problems.push(String::from("'#' has no id after it"));
        } else if id.replace(name.to_owned()).is_some() {
            problems.push(format!("a second id, '#{name}'"));
        }
        return;
    }
    if word.is_empty() {
        problems.push(String::from("'=' has no name before it"));
        return;
    }
    if attributes.insert(word.to_owned(), value.unwrap_or_default()).is_some() {
        problems.push(format!("'{word}' is given twice"));
    }
}

/// Splits at spaces outside of quotes and hands each word over as name and value.
fn words(text: &str, problems: &mut Vec<String>, mut found: impl FnMut(&str, Option<String>, &mut Vec<String>)) {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix('=') else {
            found(name, None, problems);
            rest = after.trim_start();
            continue;
        };
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or_else(|| {
                problems.push(format!("the value of '{name}' has no closing quote"));
                (quoted, "")
            }),
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        found(name, Some(value.to_owned()), problems);
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_with_and_without_values() {
        let fence = parse("bash {#create-cluster region=secondary wait=\"a b\" undo=#delete hidden}");
        assert_eq!(fence.language, "bash");
        assert_eq!(fence.id.as_deref(), Some("create-cluster"));
        let pairs: Vec<(&str, &str)> = fence.attributes.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("hidden", ""), ("region", "secondary"), ("undo", "#delete"), ("wait", "a b")]);
        assert!(fence.problems.is_empty());
        assert_eq!(parse("{#x}").id.as_deref(), Some("x"));
        assert_eq!(parse("json").language, "json");
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(parse("bash {#a #b}").problems, ["a second id, '#b'"]);
        assert_eq!(parse("bash {a=1 a=2}").problems, ["'a' is given twice"]);
        assert_eq!(parse("bash {a=\"x").problems.len(), 2);
        assert_eq!(parse("two words {#a}").problems.len(), 1);
        assert_eq!(parse("{=x}").problems, ["'=' has no name before it"]);
    }
}
