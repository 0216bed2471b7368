//! Templates as text of a shell: `{{ names.bucket }}` becomes `"${NAMES_BUCKET}"`, whatever quotes it stands in.

use crate::content::template::{self, Part};

/// The shell's variable for a template's name.
pub(super) fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// A command as the author wrote it, with variables for its names.
pub(super) fn command(text: &str) -> String {
    let mut quote: Option<char> = None;
    let mut out = String::new();
    for part in template::parts(text).unwrap_or_default() {
        match part {
            Part::Text(plain) => {
                let mut escaped = false;
                for c in plain.chars() {
                    match quote {
                        _ if escaped => escaped = false,
                        Some('\'') if c == '\'' => quote = None,
                        Some('\'') => {}
                        _ if c == '\\' => escaped = true,
                        Some(open) if c == open => quote = None,
                        None if matches!(c, '\'' | '"') => quote = Some(c),
                        _ => {}
                    }
                    out.push(c);
                }
            }
            Part::Name(name, _) => {
                let name = variable(name);
                match quote {
                    Some('"') => out.extend(["${", &name, "}"]),
                    Some(_) => out.extend(["'\"${", &name, "}\"'"]),
                    None => out.extend(["\"${", &name, "}\""]),
                }
            }
        }
    }
    out
}

/// A text in double quotes, with variables for its names.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", inside(text, "\\\"$`"))
}

/// A text of a here-document, with variables for its names.
pub(super) fn document(text: &str) -> String {
    inside(text, "\\$`")
}

fn inside(text: &str, special: &str) -> String {
    // A text that is no template stays as it is, as everywhere.
    let parts = template::parts(text).unwrap_or_else(|_| vec![Part::Text(text)]);
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(plain) => {
                for c in plain.chars() {
                    if special.contains(c) {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            Part::Name(name, _) => out.extend(["${", &variable(name), "}"]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_whatever_quotes_they_stand_in() {
        assert_eq!(command("aws x --a {{ vars.b-c }}"), "aws x --a \"${VARS_B_C}\"");
        assert_eq!(command("--d '*.{{ vars.d }}' {{ vars.e }}"), "--d '*.'\"${VARS_D}\"'' \"${VARS_E}\"");
        assert_eq!(command("--d \"a {{ vars.d }}\""), "--d \"a ${VARS_D}\"");
        assert_eq!(command("--d a\\'{{ vars.d }}"), "--d a\\'\"${VARS_D}\"");
        assert_eq!(quoted("[?a=='{{ vars.d }}'] || `[]` $x"), "\"[?a=='${VARS_D}'] || \\`[]\\` \\$x\"");
        assert_eq!(document("{ \"a\": \"{{ vars.d }}\" }"), "{ \"a\": \"${VARS_D}\" }");
    }
}
