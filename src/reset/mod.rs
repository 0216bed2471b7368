//! Floor 3: finds what a run created, deletes it in an order that works, and proves that nothing is left.
//!
//! Ownership is decided by the run's suffix, names, tags and stacks, never by exclusion: what nothing connects with the run
//! is somebody else's. [`scan`] looks, [`layout`] makes a graph of what was found, [`execute`] runs it, [`prove`] searches
//! once more. Module 6 and `workshop reset` use the same code.

mod act;
mod aside;
mod bucket;
mod caller;
mod chance;
mod commands;
mod eta;
mod execute;
mod graph;
mod inventory;
mod item;
mod journal;
mod layout;
mod lists;
pub mod manifest;
mod plan;
mod preflight;
mod price;
mod proof;
mod reads;
mod refuse;
mod report;
mod roster;
mod run;
mod scan;

pub use act::{Asked, Key};
pub use aside::side_by_side;
pub use caller::{Caller, Counts};
pub use commands::command_line;
pub use eta::{Eta, Forecast};
pub use execute::{Outcome, Progress, Ready, Running, Stop, Tools, delete, execute, new_since};
pub use graph::{Graph, GraphError, Node, NodeId, State, Step};
pub use inventory::{Inventory, Left, inventory};
pub use item::{Evidence, Item, Kind, Owner};
pub use journal::{Entry, FileJournal, JournalError, Record, Recorder, hash};
pub use layout::layout;
pub use plan::{FORMAT, Plan, PlanError, SeatPlan, kept_role, plan_seat};
pub use preflight::{Checked, find_suffix, preflight};
pub use price::{Cost, cost};
pub use proof::{Proof, Residual, Verdict, finish, prove};
pub use refuse::{keeps_role, looks_real};
pub use report::{AccountReport, Report, markdown, report};
pub use roster::{Excluded, Roster, RosterError, Seat};
pub use run::Run;
pub use scan::{Member, Scan, scan};
