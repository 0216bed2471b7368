//! Wait conditions and their handles.

use serde_json::{Map, Value};

use super::{Api, Existing, Id, Progress};
use crate::sandbox::call::{Call, text};
use crate::sandbox::services::cloudformation::signals;

/// The rows.
pub const TYPES: &[Api] = &[
    Api {
        type_name: "AWS::CloudFormation::WaitConditionHandle",
        service: "cloudformation",
        id: Id::Opened(|call, request| signals::open_wait(call, request.stack_id, request.logical)),
        attributes: &[("Id", "id")],
        before_delete: Some(|call, existing| {
            if let Some(key) = signals::key_of(existing.physical) {
                signals::close(call, key);
            }
            Ok(())
        }),
        ..Api::NEW
    },
    Api {
        type_name: "AWS::CloudFormation::WaitCondition",
        service: "cloudformation",
        id: Id::Opened(|call, request| {
            let unique = call.uuid();
            format!("{}/{}/{unique}", request.stack_id, request.logical)
        }),
        look: Some(look),
        attributes: &[("Id", "id")],
        attribute: Some(|call, existing, name| (name == "Data").then(|| data(&signals(call, existing)))),
        ..Api::NEW
    },
];

/// The most seconds that a wait condition waits. Source: CloudFormation User Guide, `AWS::CloudFormation::WaitCondition`.
const LONGEST_WAIT: u64 = 43_200;

fn signals(call: &mut Call<'_>, existing: &Existing<'_>) -> Vec<Value> {
    signals::key_of(existing.text("Handle")).map(|key| signals::received(call, key)).unwrap_or_default()
}

fn number(existing: &Existing<'_>, name: &str) -> Option<u64> {
    let value = existing.properties.get(name)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn look(call: &mut Call<'_>, existing: &Existing<'_>) -> Progress {
    let received = signals(call, existing);
    let failed = received.iter().find(|one| text(one, "Status") != Some("SUCCESS"));
    if let Some(signal) = failed {
        let reason = text(signal, "Reason").unwrap_or_default();
        let id = text(signal, "UniqueId").unwrap_or_default();
        return Progress::Failed(format!("WaitCondition received failed message: '{reason}' for uniqueId: {id}"));
    }
    let wanted = number(existing, "Count").unwrap_or(1);
    let count = received.len() as u64;
    let patience = number(existing, "Timeout").unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
    if count >= wanted {
        Progress::Done
    } else if call.now().since(existing.since).as_secs() >= patience {
        Progress::Failed(format!("WaitCondition timed out. Received {count} conditions when expecting {wanted}"))
    } else {
        Progress::Going
    }
}

/// The signals' data by their ids, as text.
fn data(received: &[Value]) -> Value {
    let data: Map<String, Value> = received
        .iter()
        .filter_map(|one| Some((text(one, "UniqueId")?.to_owned(), one.get("Data").cloned().unwrap_or_default())))
        .collect();
    Value::String(Value::Object(data).to_string())
}
