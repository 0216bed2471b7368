//! The report of a reset, computed from its journal alone: per account and for all, as values and as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::graph::State;
use super::journal::{Entry, Record};
use super::proof::{Residual, Verdict};

/// What happened in one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AccountReport {
    /// The seat.
    pub seat: String,
    /// The account.
    pub account: String,
    /// Who acted.
    pub caller: String,
    /// The verdict in words: `clean`, `clean except N not ours`, `residual: …`, `refused: …`, `not finished`.
    pub verdict: String,
    /// Whether nothing of the run is left, and that is proved.
    pub clean: bool,
    /// From its first start to its last line, in the run's seconds; pauses between two starts included.
    pub seconds: f64,
    /// Nodes with their last state and how long they took.
    pub nodes: Vec<NodeReport>,
    /// What is left, with the commands that finish it.
    pub left: Vec<Residual>,
    /// Things of others that stay.
    pub not_ours: usize,
    /// Reads of the last search that failed.
    pub unread: Vec<String>,
    /// Changes that were asked for: the command, AWS's id of the request, its refusal.
    pub changes: Vec<ChangeReport>,
    /// Searches that were made.
    pub proofs: u32,
    /// Calls that only read.
    pub reads: u64,
    /// Calls that were sent again.
    pub retries: u64,
    /// Refusals that asked for fewer requests.
    pub throttles: u64,
}

/// A node of a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeReport {
    /// Which.
    pub node: String,
    /// Its last state.
    pub state: State,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// A change of a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// When, in RFC 3339.
    pub at: String,
    /// The command.
    pub command: String,
    /// AWS's id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// AWS's refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What happened in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The version of its form.
    pub format: u32,
    /// The SHA-256 of the plan.
    pub plan: String,
    /// How many accounts the plan is about.
    pub seats: usize,
    /// How often it was started.
    pub starts: usize,
    /// When it began and when its last line was written, in RFC 3339.
    pub from: String,
    /// See `from`.
    pub to: String,
    /// Whether every account of the plan is clean.
    pub clean: bool,
    /// The accounts, by seat.
    pub accounts: Vec<AccountReport>,
}

/// Computes the report. Whatever cannot be computed from the journal is not in it.
pub fn report(records: &[Record]) -> Report {
    let mut report = Report { format: 1, ..Report::default() };
    let mut accounts: BTreeMap<String, AccountReport> = BTreeMap::new();
    let mut began = BTreeMap::new();
    for record in records {
        if report.from.is_empty() {
            report.from = record.at.rfc3339();
        }
        report.to = record.at.rfc3339();
        if let Entry::Begun { plan, seats, .. } = &record.entry {
            plan.clone_into(&mut report.plan);
            report.seats = *seats;
            report.starts += 1;
        }
        let Some(seat) = &record.seat else { continue };
        let account = accounts.entry(seat.clone()).or_insert_with(|| AccountReport {
            seat: seat.clone(),
            verdict: "not finished".to_owned(),
            ..AccountReport::default()
        });
        account.seconds = record.at.since(*began.entry(seat.clone()).or_insert(record.at)).as_secs_f64();
        add(account, record);
    }
    report.accounts = accounts.into_values().collect();
    report.accounts.sort_by_key(|one| (one.seat.parse::<u64>().unwrap_or(u64::MAX), one.seat.clone()));
    report.clean =
        !records.is_empty() && report.accounts.len() == report.seats && report.accounts.iter().all(|one| one.clean);
    report
}

fn add(account: &mut AccountReport, record: &Record) {
    match &record.entry {
        Entry::SeatStarted { account: id, caller, .. } => {
            id.clone_into(&mut account.account);
            caller.clone_into(&mut account.caller);
            // What an earlier start could not do is tried again.
            account.nodes.retain(|node| node.state == State::Gone);
            "not finished".clone_into(&mut account.verdict);
            account.clean = false;
        }
        Entry::SeatRefused { why } => {
            account.verdict = format!("refused: {why}");
            account.clean = false;
        }
        Entry::Node { node, state, seconds } => {
            let node = node.to_string();
            account.nodes.retain(|known| known.node != node);
            account.nodes.push(NodeReport { node, state: state.clone(), seconds: *seconds });
        }
        Entry::Asked { command, request, refused, .. } => account.changes.push(ChangeReport {
            at: record.at.rfc3339(),
            command: command.clone(),
            request: request.clone(),
            refused: refused.clone(),
        }),
        Entry::Proof { left, not_ours, unread, .. } => {
            account.proofs += 1;
            account.left.clone_from(left);
            account.not_ours = *not_ours;
            account.unread.clone_from(unread);
        }
        Entry::SeatDone { reads, retries, throttles, .. } => {
            // The verdict follows from the last search, whatever the line says.
            let verdict = Verdict::of(account.left.len(), account.not_ours, account.unread.len());
            let searched = account.proofs > 0;
            account.clean = searched && verdict.clean();
            account.verdict = if searched { verdict.words() } else { "not searched".to_owned() };
            account.reads += reads;
            account.retries += retries;
            account.throttles += throttles;
        }
        Entry::Begun { .. } | Entry::Stopped => {}
    }
}

/// A text that a table's cell or a line can hold.
fn cell(text: &str) -> String {
    crate::domain::text::printable(text).replace('|', "\\|").replace('\n', " ")
}

/// The report as people read it.
pub fn markdown(report: &Report, title: &str) -> String {
    let mut page = format!("# Reset of {}\n\n", cell(title));
    let clean = report.accounts.iter().filter(|one| one.clean).count();
    let _ = writeln!(page, "{clean} of {} accounts are clean. From {} to {}.", report.seats, report.from, report.to);
    let _ = writeln!(page, "Plan: SHA-256 `{}`, started {} time(s).\n", cell(&report.plan), report.starts);
    page.push_str("| seat | account | verdict | minutes | nodes gone | changes | retries | throttles |\n");
    page.push_str("|---|---|---|---|---|---|---|---|\n");
    for one in &report.accounts {
        let gone = one.nodes.iter().filter(|node| node.state == State::Gone).count();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {:.1} | {gone} of {} | {} | {} | {} |",
            cell(&one.seat),
            cell(&one.account),
            cell(&one.verdict),
            one.seconds / 60.0,
            one.nodes.len(),
            one.changes.len(),
            one.retries,
            one.throttles
        );
    }
    for one in report.accounts.iter().filter(|one| !one.clean) {
        let _ = writeln!(page, "\n## Seat {} needs attention\n\n{}", cell(&one.seat), cell(&one.verdict));
        for node in &one.nodes {
            if let State::Failed { why, finish } = &node.state {
                let _ = writeln!(page, "\n- {}: {}", cell(&node.node), cell(why));
                for command in finish {
                    let _ = writeln!(page, "  - `{}`", cell(command));
                }
            }
        }
        if !one.left.is_empty() {
            page.push_str("\nWhat is left, and what finishes it:\n\n```sh\n");
            for left in &one.left {
                let _ = writeln!(page, "{}", crate::domain::text::printable(&left.finish));
            }
            page.push_str("```\n");
        }
        for read in &one.unread {
            let _ = writeln!(page, "\n- not read: {}", cell(read));
        }
    }
    page
}
