//! The bookstore in the binary compiles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use multi_region_workshop::content::export::{bash, html, iam};
use multi_region_workshop::content::{self, Source};
use multi_region_workshop::domain::RegionPair;

#[test]
fn the_embedded_workshop_has_no_finding() {
    let compiled = content::compile(&Source::Embedded);
    let found: Vec<String> = compiled.diagnostics.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(compiled.workshop.unwrap().modules.len(), 7);
}

#[test]
fn the_exported_script_holds_every_command_of_the_solutions_and_no_template() {
    let workshop = content::load(&Source::Embedded).unwrap();
    let assets = content::assets(&Source::Embedded).unwrap();
    let regions = RegionPair::new(&workshop.regions.0, &workshop.regions.1).unwrap();
    let script = bash::script(&workshop, &assets, &regions);
    assert!(!script.contains("{{"), "a name that was not filled in");
    for step in workshop.modules.iter().flat_map(|module| &module.steps) {
        for action in step.actions.iter().filter(|action| step.solution.contains(&action.anchor)) {
            assert!(script.contains(&format!("  # {}\n", action.id)), "{}", action.id);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.sh");
    std::fs::write(&file, script).unwrap();
    let checked = std::process::Command::new("bash").arg("-n").arg(&file).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn the_policies_allow_what_the_pages_use_and_no_more_by_role() {
    let workshop = content::load(&Source::Embedded).unwrap();
    let assets = content::assets(&Source::Embedded).unwrap();
    let actions = |role: &str| -> Vec<String> {
        let policy = iam::policy(&workshop, &assets, role).unwrap();
        serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap()
    };
    let has = |role: &str, action: &str| actions(role).iter().any(|known| known == action);
    for (action, roles) in [
        ("rds:CreateDBCluster", vec!["learner"]),
        ("s3:DeleteObjectVersion", vec!["learner", "reset"]),
        ("route53:DeleteHostedZone", vec!["learner", "reset"]),
        ("ecs:UpdateService", vec!["learner", "drill"]),
        ("s3:ListAllMyBuckets", vec!["learner", "drill", "reset", "fleet"]),
        ("sts:AssumeRole", vec!["fleet"]),
    ] {
        let allowed: Vec<&str> = iam::ROLES.iter().copied().filter(|role| has(role, action)).collect();
        assert_eq!(allowed, roles, "{action}");
    }
    let fleet = actions("fleet");
    let writes = |action: &&String| ["Create", "Delete", "Put", "Update"].iter().any(|verb| action.contains(verb));
    assert_eq!(fleet.iter().filter(writes).count(), 0, "{fleet:?}");
    assert!(iam::policy(&workshop, &assets, "guest").is_none());
}

#[test]
fn the_exported_page_has_every_step_and_check_and_loads_nothing() {
    let workshop = content::load(&Source::Embedded).unwrap();
    let regions = RegionPair::new(&workshop.regions.0, &workshop.regions.1).unwrap();
    let page = html::page(&workshop, &regions);
    for step in workshop.modules.iter().flat_map(|module| &module.steps) {
        assert!(page.contains(&format!("<article id=\"{}\">", step.id)), "{}", step.id);
        assert!(page.contains(&format!("href=\"#{}\"", step.id)), "{}", step.id);
    }
    let boxes = page.matches("<li><label><input type=\"checkbox\">").count();
    assert_eq!(boxes, workshop.checks().count());
    for tag in ["src=", "<script", "<link", "url(", "@import", "{{"] {
        assert!(!page.contains(tag), "{tag}");
    }
    for tag in ["article", "section", "ul", "ol", "table", "pre", "blockquote", "li"] {
        let (open, close) = (page.matches(&format!("<{tag}")).count(), page.matches(&format!("</{tag}>")).count());
        // `<li` also begins `<link`, which there is none of.
        assert_eq!(open, close, "{tag}");
    }
}
