//! A page, a width, the exact lines; and that no line is ever too wide and no text lost.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

#[track_caller]
fn draws(page: &str, width: usize, lines: &[&str]) {
    let drawn: Vec<String> = Document::parse(page).lines(width).iter().map(Line::text).collect();
    assert_eq!(drawn, lines, "\n{}", drawn.join("\n"));
}

#[test]
fn paragraphs_wrap_and_stand_apart() {
    draws("one two three\n\nfour", 9, &["one two", "three", "", "four"]);
    draws("soft\nbreak  \nhard", 20, &["soft break", "hard"]);
}

#[test]
fn styles_do_not_split_words() {
    draws("a **bold**, word", 20, &["a bold, word"]);
    draws("see `aws s3 ls` now", 12, &["see aws s3", "ls now"]);
}

#[test]
fn looks_follow_the_styles() {
    let lines = Document::parse("# T\n\na **b** `c`").lines(20);
    let looks: Vec<Vec<Look>> = lines.iter().map(|line| line.pieces.iter().map(|piece| piece.look).collect()).collect();
    assert_eq!(looks[0], [Look::Heading(1)]);
    assert_eq!(looks[2], [Look::Text, Look::Strong, Look::Text, Look::Code]);
    assert_eq!(lines[0].anchor.as_deref(), Some("t"));
}

#[test]
fn lists_hang() {
    draws("- one two three four\n- five\n", 14, &["• one two", "  three four", "• five"]);
    draws("9. a\n10. b\n", 20, &[" 9. a", "10. b"]);
    draws("- a\n  - b\n", 20, &["• a", "  • b"]);
    draws("- [x] done\n- [ ] open\n", 20, &["• [x] done", "• [ ] open"]);
}

#[test]
fn alerts_have_a_bar_a_glyph_and_a_word() {
    draws("> [!WARNING]\n> This writes to both Regions.\n", 24, &["▌ ! Warning: This writes", "▌ to both Regions."]);
    draws("> quoted\n", 24, &["▌ quoted"]);
    draws("> [!NOTE]\n> - a\n", 24, &["▌ i Note:", "▌", "▌ • a"].map(|l| if l == "▌" { "▌ " } else { l }));
}

#[test]
fn commands_that_fit_stay_as_written() {
    draws(
        "```bash {#a}\n$ aws s3api create-bucket \\\n    --bucket b\n{ \"Location\": \"/b\" }\n```",
        40,
        &["│ $ aws s3api create-bucket \\", "│     --bucket b", "│ { \"Location\": \"/b\" }"],
    );
}

#[test]
fn long_commands_break_before_options_never_inside_them() {
    draws(
        "```bash\n$ aws s3api put-bucket-replication --bucket assets-eu --replication-configuration file://r.json --region eu-west-1\n```",
        50,
        &[
            "│ $ aws s3api put-bucket-replication \\",
            "│     --bucket assets-eu \\",
            "│     --replication-configuration file://r.json \\",
            "│     --region eu-west-1",
        ],
    );
    // An option that does not fit beside its value leaves it on the next line; a value too long for any line is cut.
    draws(
        "```bash\n$ aws rds x --source-identifier arn:aws:rds:eu-west-1:111122223333:cluster:bookstore\n```",
        30,
        &[
            "│ $ aws rds x \\",
            "│     --source-identifier \\",
            "│     arn:aws:rds:eu-west-1:",
            "│ ↳ 111122223333:cluster:",
            "│ ↳ bookstore",
        ],
    );
}

#[test]
fn a_broken_command_says_the_same_to_a_shell() {
    let command =
        "aws ecs update-service --cluster bookstore-blog-abc123 --service 'a b' --desired-count 0 --region eu-west-1";
    let page = Document::parse(&format!("```bash {{#a}}\n$ {command}\n```"));
    let shown: Vec<String> =
        page.lines(40).iter().map(|line| line.text().trim_start_matches("│ ").to_owned()).collect();
    assert!(shown.len() > 2);
    assert!(page.lines(40).iter().all(|line| line.fence.as_deref() == Some("a")));
    let again = Document::parse(&format!("```bash\n{}\n```", shown.join("\n")));
    assert_eq!(again.fences()[0].commands(), [command]);
}

#[test]
fn hidden_fences_and_comments_are_not_drawn() {
    draws("a\n\n<!-- for authors -->\n\n```bash {#x hidden}\n$ aws s3 ls\n```\n\nb", 20, &["a", "", "b"]);
}

#[test]
fn tables_fit() {
    let table = "| Field | Value |\n|---|--:|\n| Priority | 1 |\n| Delete markers | off |\n";
    draws(
        table,
        40,
        &["Field           Value", "──────────────  ─────", "Priority            1", "Delete markers    off"],
    );
    draws(table, 15, &["Field     Value", "────────  ─────", "Priority      1", "Delete      off", "markers"]);
    draws(table, 8, &["Field:", "Priority", "Value: 1", "", "Field:", "Delete", "markers", "Value:", "off"]);
}

#[test]
fn links_show_where_they_lead() {
    draws("[guide](https://example.com/g) [here](#part)", 60, &["guide (https://example.com/g) here"]);
}

#[test]
fn control_characters_are_not_drawn() {
    draws("a\u{1b}[2Jb", 20, &["a\u{fffd}[2Jb"]);
}

/// Text with everything that a page may hold.
fn page() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => "[a-z]{1,12}",
        1 => "[a-z:/.-]{20,60}",
        1 => Just("本本".to_owned()),
        1 => Just("👩‍👩‍👧".to_owned()),
        1 => Just("e\u{301}لا".to_owned()),
        1 => Just("`code x`".to_owned()),
        1 => Just("**b**".to_owned()),
    ];
    let words = proptest::collection::vec(word, 1..20).prop_map(|words| words.join(" "));
    let block = prop_oneof![
        words.clone(),
        words.clone().prop_map(|text| format!("# {text}")),
        words.clone().prop_map(|text| format!("- {text}\n  1. {text}")),
        words.clone().prop_map(|text| format!("> [!TIP]\n> {text}")),
        words.clone().prop_map(|text| format!("```bash\n$ aws x --a {text} --b '{text}' \\\n   --c d\n{text}\n```")),
        words.prop_map(|text| format!("| A | {text} |\n|---|:-:|\n| {text} | x |")),
    ];
    proptest::collection::vec(block, 0..6).prop_map(|blocks| blocks.join("\n\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_wider_than_asked(page in page(), width in 0usize..120) {
        for line in Document::parse(&page).lines(width) {
            prop_assert!(measure(&line.text()) <= width.max(1), "{:?} at {width}", line.text());
            prop_assert!(!line.text().contains('\n'));
        }
    }

    #[test]
    fn any_text_is_a_page(text in "\\PC{0,200}", width in 0usize..40) {
        for line in Document::parse(&text).lines(width) {
            prop_assert!(measure(&line.text()) <= width.max(1));
        }
    }

    #[test]
    fn no_text_is_lost(words in proptest::collection::vec("[a-z:/.=-]{0,30}[a-z]", 1..30), width in 1usize..100) {
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        let text = words.join(" ").replace("--", "-");
        let page = format!("{text}\n\n```bash\n$ {text}\n{text}\n```");
        let drawn: String = Document::parse(&page).lines(width).iter().map(Line::text).collect();
        let expected: String = Document::parse(&text).blocks.iter().flat_map(|block| match block {
            Block::Paragraph(spans) => spans.iter().map(|span| span.text.clone()).collect(),
            _ => Vec::new(),
        }).collect();
        prop_assume!(letters(&expected) == letters(&text));
        prop_assert_eq!(letters(&drawn), letters(&text).repeat(3));
    }
}
