//! What no flag lifts: accounts that are never reset, and roles that are never deleted.

use std::sync::OnceLock;

use regex::Regex;

/// Roles through which people and AWS itself reach an account. Source: design/reset.md, section 2, goal 6; AWS IAM Identity
/// Center, Organizations, Control Tower and CloudFormation StackSets name them so.
pub fn keeps_role(name: &str, caller_arn: &str) -> Option<String> {
    let short = name.rsplit('/').next().unwrap_or(name);
    let caller = caller_arn.split(":assumed-role/").nth(1).and_then(|rest| rest.split('/').next());
    if caller == Some(short) || caller_arn == name {
        return Some(format!("{short} is the role that this reset acts as"));
    }
    let kept = short.starts_with("AWSReservedSSO_")
        || short == "OrganizationAccountAccessRole"
        || short.contains("AWSControlTower")
        || short.starts_with("stacksets-exec-");
    kept.then(|| format!("{short} is a role that people or AWS reach the account through"))
}

/// Whether a name looks like that of an account with real work in it. Source: design/reset.md, section 2, goal 2.
pub fn looks_real(name: &str) -> bool {
    static WORDS: OnceLock<Option<Regex>> = OnceLock::new();
    // As words, so that neither *delivery* nor *olive* is taken for one.
    let words = WORDS.get_or_init(|| Regex::new(r"(?i)(^|[^a-z])(prod|prd|production|live|shared)([^a-z]|$)").ok());
    words.as_ref().is_some_and(|words| words.is_match(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_into_the_account_are_kept() {
        let me = "arn:aws:sts::111122223333:assumed-role/reset/me";
        for name in [
            "reset",
            "AWSReservedSSO_Admin_1",
            "OrganizationAccountAccessRole",
            "aws-reserved/AWSControlTowerExecution",
            "stacksets-exec-1",
        ] {
            assert!(keeps_role(name, me).is_some(), "{name}");
        }
        assert_eq!(keeps_role("bookstore-shop-abc123-BooksRole-1", me), None);
    }

    #[test]
    fn production_is_recognised_by_whole_words() {
        for name in ["acme-prod", "PROD", "shared services", "live_eu", "prod2"] {
            assert!(looks_real(name), "{name}");
        }
        for name in ["delivery", "olive", "reproduce", "seat 7"] {
            assert!(!looks_real(name), "{name}");
        }
    }
}
