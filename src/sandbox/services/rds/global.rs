//! Aurora Global Database: a primary cluster, secondaries in other Regions, switchover, failover and detachment.
//!
//! Source: Amazon RDS API Reference, CreateGlobalCluster and its kin; Amazon Aurora User Guide, "Using Amazon Aurora Global
//! Database"; aws-behaviour.md 1 and 3.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Cluster, Transition, after, by_arn, by_arn_mut, clusters, combination, invalid, missing, region_of, rows, shape,
};
use crate::domain::SimTime;
use crate::sandbox::call::{self, AwsError, Call, text};
use crate::sandbox::faults;

/// Source: aws-behaviour.md 3: up to 10 secondaries now.
const MAX_SECONDARIES: usize = 10;

/// A global cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GlobalCluster {
    arn: String,
    resource: String,
    /// `available`, `switching-over`, `failing-over`, `deleting`.
    status: String,
    engine: String,
    version: String,
    database: Option<String>,
    encrypted: bool,
    deletion_protection: bool,
    created: SimTime,
    tags: Vec<(String, String)>,
    /// The ARN of the primary cluster.
    writer: Option<String>,
    /// The ARNs of the secondary clusters.
    readers: Vec<String>,
    /// The change of roles that is under way.
    change: Option<Change>,
}

/// A change of roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Change {
    from: String,
    to: String,
    /// Whether what the target does not have yet may be lost.
    lossy: bool,
}

impl GlobalCluster {
    fn members(&self) -> impl Iterator<Item = &String> {
        self.writer.iter().chain(&self.readers)
    }
}

fn not_found(id: &str) -> AwsError {
    AwsError::not_found("GlobalClusterNotFoundFault", format!("Global cluster {id} not found"))
}

fn wrong_state(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidGlobalClusterStateFault", message)
}

fn find<'c>(call: &'c mut Call<'_>, id: &str) -> Result<&'c mut GlobalCluster, AwsError> {
    call.account_state().global_clusters.get_mut(id).ok_or_else(|| not_found(id))
}

fn identifier(input: &Value) -> Result<String, AwsError> {
    let given = text(input, "GlobalClusterIdentifier").ok_or_else(|| missing("GlobalClusterIdentifier"))?;
    Ok(given.rsplit(':').next().unwrap_or(given).to_lowercase())
}

/// The member that an input names by its ARN or, in its own Region, by its identifier.
fn member(call: &mut Call<'_>, id: &str, input: &Value, name: &str) -> Result<String, AwsError> {
    let given = text(input, name).ok_or_else(|| missing(name))?.to_owned();
    let arn = if given.starts_with("arn:") { given.clone() } else { call.arn("rds", &format!("cluster:{given}")) };
    let found = find(call, id)?.members().any(|member| *member == arn);
    found.then_some(arn).ok_or_else(|| {
        AwsError::not_found("DBClusterNotFoundFault", format!("DB cluster {given} is not a member of {id}"))
    })
}

fn shown(id: &str, global: &GlobalCluster) -> Value {
    let member = |arn: &String, writer: bool| {
        json!({
            "DBClusterArn": arn, "IsWriter": writer, "GlobalWriteForwardingStatus": "disabled",
            "Readers": if writer { json!(global.readers) } else { json!([]) },
            "SynchronizationStatus": "connected",
        })
    };
    let members = global.writer.iter().map(|arn| member(arn, true));
    let members: Vec<Value> = members.chain(global.readers.iter().map(|arn| member(arn, false))).collect();
    let mut value = json!({
        "GlobalClusterIdentifier": id, "GlobalClusterResourceId": global.resource, "GlobalClusterArn": global.arn,
        "Status": global.status, "Engine": global.engine, "EngineVersion": global.version,
        "StorageEncrypted": global.encrypted, "DeletionProtection": global.deletion_protection,
        "GlobalClusterMembers": members, "TagList": call::tag_list(&global.tags),
    });
    let Some(map) = value.as_object_mut() else { return value };
    if let Some(database) = &global.database {
        map.insert("DatabaseName".into(), json!(database));
    }
    if let Some(change) = &global.change {
        map.insert(
            "FailoverState".into(),
            json!({
                "Status": "failing-over", "FromDbClusterArn": change.from, "ToDbClusterArn": change.to,
                "IsDataLossAllowed": change.lossy,
            }),
        );
    }
    value
}

fn answer(call: &mut Call<'_>, id: &str) -> Result<Value, AwsError> {
    let global = find(call, id)?;
    Ok(json!({ "GlobalCluster": shown(id, global) }))
}

pub(super) fn create(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input)?;
    super::check_identifier("GlobalClusterIdentifier", &id)?;
    if call.account_state().global_clusters.contains_key(&id) {
        return Err(AwsError::client("GlobalClusterAlreadyExistsFault", format!("Global cluster {id} already exists")));
    }
    let source = text(input, "SourceDBClusterIdentifier");
    let mut global = GlobalCluster {
        arn: format!("arn:aws:rds::{}:global-cluster:{id}", call.account),
        resource: format!("cluster-{}", call.hex_id(16)),
        status: "available".to_owned(),
        deletion_protection: input.get("DeletionProtection").and_then(Value::as_bool).unwrap_or(false),
        created: call.now(),
        tags: call::tags(input.get("Tags")),
        ..GlobalCluster::default()
    };
    if let Some(arn) = source {
        for member in ["Engine", "EngineVersion", "DatabaseName", "StorageEncrypted"] {
            if input.get(member).is_some() {
                return Err(combination(format!(
                    "When creating global cluster from existing db cluster, value for {member} should not be specified since \
                     it will be inherited from source cluster"
                )));
            }
        }
        let cluster = by_arn(call.world, &call.account, arn).ok_or_else(|| super::not_found(arn))?;
        if cluster.global.is_some() || cluster.source.is_some() || !cluster.replicas.is_empty() {
            return Err(super::wrong_state(format!(
                "Source cluster {arn} is a member of a global cluster, or replicates another cluster or to one"
            )));
        }
        if cluster.status != "available" {
            return Err(super::wrong_state(format!("Source cluster {arn} is in {} state", cluster.status)));
        }
        global = GlobalCluster {
            engine: cluster.engine.clone(),
            version: cluster.version.clone(),
            database: cluster.database.clone(),
            encrypted: cluster.key.is_some(),
            writer: Some(arn.to_owned()),
            ..global
        };
        let account = call.account.clone();
        if let Some(cluster) = by_arn_mut(call.world, &account, arn) {
            cluster.global = Some(id.clone());
        }
    } else {
        text(input, "Engine").ok_or_else(|| missing("Engine"))?.clone_into(&mut global.engine);
        global.version = clusters::version(&global.engine, text(input, "EngineVersion"))?.0;
        global.database = text(input, "DatabaseName").map(str::to_owned);
        global.encrypted = input.get("StorageEncrypted").and_then(Value::as_bool).unwrap_or(false);
    }
    call.account_state().global_clusters.insert(id.clone(), global);
    call.log(format!("rds global cluster {id} created"));
    answer(call, &id)
}

pub(super) fn describe(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let wanted = text(input, "GlobalClusterIdentifier").map(|_| identifier(input)).transpose()?;
    if let Some(id) = &wanted {
        find(call, id)?;
    }
    super::refuse(input, &["Filters"])?;
    let all = call.account_state().global_clusters.iter();
    let found = all.filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id));
    let list: Vec<Value> = found.map(|(id, global)| shown(id, global)).collect();
    shape::paged(input, "GlobalClusters", list)
}

pub(super) fn modify(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    super::refuse(input, &["NewGlobalClusterIdentifier", "EngineVersion", "AllowMajorVersionUpgrade"])?;
    let id = identifier(input)?;
    let global = find(call, &id)?;
    if let Some(protect) = input.get("DeletionProtection").and_then(Value::as_bool) {
        global.deletion_protection = protect;
    }
    answer(call, &id)
}

pub(super) fn delete(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input)?;
    let rule = call.world.rule("rds.global-cluster-empty");
    let global = find(call, &id)?;
    if global.deletion_protection {
        return Err(combination(
            "Cannot delete protected Global Cluster, please disable deletion protection and try again.",
        ));
    }
    if global.members().next().is_some() && rule {
        return Err(wrong_state(format!("Global Cluster {} is not empty", global.arn)));
    }
    "deleting".clone_into(&mut global.status);
    let answer = answer(call, &id)?;
    call.account_state().global_clusters.remove(&id);
    call.log(format!("rds global cluster {id} deleted"));
    Ok(answer)
}

/// The primary that a new cluster of a global cluster follows; nothing when it becomes the primary itself.
pub(super) fn source_for(call: &mut Call<'_>, input: &Value, engine: &str) -> Result<Option<Cluster>, AwsError> {
    let id = identifier(input)?;
    let here = call.region.clone();
    let global = find(call, &id)?.clone();
    if global.change.is_some() || global.status != "available" {
        return Err(wrong_state(format!("Global cluster {id} is in {} state", global.status)));
    }
    let version = text(input, "EngineVersion");
    if global.engine != engine || version.is_some_and(|version| version != global.version) {
        return Err(combination(format!(
            "Value for engine or engineVersion should match that of the global cluster: {} {}",
            global.engine, global.version
        )));
    }
    if global.members().any(|arn| region_of(arn) == here) {
        return Err(super::wrong_state(format!(
            "Global cluster {id} already has a cluster in {here}: its clusters must be in different Regions"
        )));
    }
    let Some(writer) = &global.writer else { return Ok(None) };
    for member in ["MasterUsername", "MasterUserPassword", "DatabaseName"] {
        if input.get(member).is_some() {
            return Err(combination(format!("Cannot specify {member} for a secondary cluster of a global cluster")));
        }
    }
    if global.readers.len() >= MAX_SECONDARIES {
        return Err(wrong_state(format!("Global cluster {id} already has {MAX_SECONDARIES} secondary clusters")));
    }
    let primary = by_arn(call.world, &call.account, writer).ok_or_else(|| super::not_found(writer))?;
    if !["available", "backing-up", "modifying"].contains(&primary.status.as_str()) {
        return Err(super::wrong_state(format!("Primary cluster {writer} is in {} state", primary.status)));
    }
    if primary.key.is_some() && text(input, "KmsKeyId").is_none() {
        return Err(combination("A KmsKeyId of this Region is needed for a secondary cluster of encrypted storage"));
    }
    Ok(Some(primary.clone()))
}

/// Notes a new cluster among the members.
pub(super) fn join(call: &mut Call<'_>, input: &Value, arn: &str) -> Result<(), AwsError> {
    let id = identifier(input)?;
    let global = find(call, &id)?;
    match &global.writer {
        None => global.writer = Some(arn.to_owned()),
        Some(_) => global.readers.push(arn.to_owned()),
    }
    Ok(())
}

/// Begins a switchover or a failover.
fn begin(call: &mut Call<'_>, input: &Value, lossy: bool) -> Result<Value, AwsError> {
    let id = identifier(input)?;
    let to = member(call, &id, input, "TargetDbClusterIdentifier")?;
    let account = call.account.clone();
    let global = find(call, &id)?.clone();
    if global.status != "available" {
        return Err(wrong_state(format!("Global cluster {id} is in {} state", global.status)));
    }
    let Some(from) = global.writer.filter(|writer| *writer != to) else {
        return Err(wrong_state(format!("{to} is the primary cluster of {id} already")));
    };
    let target = by_arn(call.world, &account, &to).ok_or_else(|| super::not_found(&to))?;
    if target.status != "available" || !rows::has_instances(call.world, &account, &to) {
        return Err(super::wrong_state(format!(
            "The target cluster {to} is not available, or has no instance to promote"
        )));
    }
    let lost = [&from, &to].into_iter().any(|arn| faults::active(call.world, faults::REGION_LOSS, region_of(arn)));
    let cut = lost || faults::replication_cut(call.world, "aurora", region_of(&from), region_of(&to));
    let available = by_arn(call.world, &account, &from).is_some_and(|primary| primary.status == "available");
    if !lossy && (cut || !available) && call.world.rule("rds.switchover-needs-health") {
        return Err(wrong_state(format!(
            "A switchover needs a healthy global database: {from} and {to} must be available and in step. To recover from an \
             outage, use FailoverGlobalCluster with AllowDataLoss."
        )));
    }
    let status = if lossy { "failing-over" } else { "switching-over" };
    let global = find(call, &id)?;
    status.clone_into(&mut global.status);
    global.change = Some(Change { from: from.clone(), to: to.clone(), lossy });
    // Neither takes connections while roles change. A failover leaves the old primary as it is: it may be out of reach.
    for arn in [Some(&to), (!lossy).then_some(&from)].into_iter().flatten() {
        if let Some(cluster) = by_arn_mut(call.world, &account, arn) {
            "promoting".clone_into(&mut cluster.status);
        }
    }
    call.log(format!("rds global cluster {id} {status} to {to}"));
    let constant = if lossy { "rds.global.failover" } else { "rds.global.switchover" };
    after(call, constant, &id, Transition::GlobalRoles { id: id.clone() });
    answer(call, &id)
}

pub(super) fn switchover(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    begin(call, input, false)
}

pub(super) fn failover(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let flag = |member: &str| input.get(member).and_then(Value::as_bool).unwrap_or(false);
    if flag("AllowDataLoss") && flag("Switchover") {
        return Err(combination("AllowDataLoss and Switchover can not be specified together"));
    }
    begin(call, input, flag("AllowDataLoss"))
}

/// The roles have changed: the target takes writes, and the others follow it.
pub(super) fn roles_changed(call: &mut Call<'_>, id: &str) {
    let (account, now) = (call.account.clone(), call.now());
    let Ok(global) = find(call, id) else { return };
    let Some(Change { from, to, lossy }) = global.change.take() else { return };
    "available".clone_into(&mut global.status);
    global.readers.retain(|arn| *arn != to);
    global.readers.push(from.clone());
    global.writer = Some(to.clone());
    let readers = global.readers.clone();
    if !lossy {
        // RPO 0: the target has everything before it takes a write.
        rows::synchronise(call.world, &account, &to);
    }
    let lost = rows::promote(call.world, &account, &to, &from);
    if let Some(target) = by_arn_mut(call.world, &account, &to) {
        target.source = None;
        target.replicas.clone_from(&readers);
        "available".clone_into(&mut target.status);
    }
    for arn in &readers {
        if let Some(reader) = by_arn_mut(call.world, &account, arn) {
            reader.source = Some(to.clone());
            reader.replicas.clear();
            if reader.status == "promoting" {
                "available".clone_into(&mut reader.status);
            }
        }
        rows::follow(call.world, &account, arn, now);
    }
    call.log(format!("rds global cluster {id}: {to} is primary, {lost} rows of {from} lost"));
}

pub(super) fn remove(call: &mut Call<'_>, input: &Value) -> Result<Value, AwsError> {
    let id = identifier(input)?;
    let arn = member(call, &id, input, "DbClusterIdentifier")?;
    let account = call.account.clone();
    let global = find(call, &id)?;
    if global.status != "available" {
        return Err(wrong_state(format!("Global cluster {id} is in {} state", global.status)));
    }
    if global.writer.as_ref() == Some(&arn) && !global.readers.is_empty() {
        return Err(wrong_state(format!(
            "{arn} is the primary cluster of {id}: its secondary clusters must be removed before it"
        )));
    }
    let secondary = global.writer.as_ref() != Some(&arn);
    let cluster = by_arn_mut(call.world, &account, &arn).ok_or_else(|| super::not_found(&arn))?;
    if cluster.status != "available" {
        return Err(super::wrong_state(format!("DB cluster {arn} is in {} state", cluster.status)));
    }
    if secondary {
        "promoting".clone_into(&mut cluster.status);
    }
    call.log(format!("rds cluster {arn} leaves global cluster {id}"));
    // The answer still shows the member, and the global cluster stays available meanwhile.
    after(call, "rds.global.detach", &arn, Transition::GlobalLeft { id: id.clone(), arn: arn.clone() });
    answer(call, &id)
}

/// A member has left: it stands alone and takes writes.
pub(super) fn left(call: &mut Call<'_>, id: &str, arn: &str) {
    let account = call.account.clone();
    if let Ok(global) = find(call, id) {
        global.readers.retain(|reader| reader != arn);
        global.writer = global.writer.take().filter(|writer| writer != arn);
    }
    let Some(cluster) = by_arn_mut(call.world, &account, arn) else { return };
    cluster.global = None;
    "available".clone_into(&mut cluster.status);
    if let Some(source) = cluster.source.take() {
        super::replica::unlink(call, &source, arn);
    }
}

/// Refuses to delete a member.
pub(super) fn refuse_member(cluster: &Cluster) -> Result<(), AwsError> {
    match &cluster.global {
        Some(_) => Err(super::wrong_state(
            "This cluster is a part of a global cluster, please remove it from globalcluster first",
        )),
        None => Ok(()),
    }
}

/// Source: Amazon Aurora User Guide, "Configuration requirements of an Amazon Aurora global database": db.r5 or higher.
pub(super) fn check_class(cluster: &Cluster, class: &str) -> Result<(), AwsError> {
    if cluster.global.is_some() && class.starts_with("db.t") {
        return Err(invalid(format!("The DB instance class {class} is not supported in an Aurora global database")));
    }
    Ok(())
}

/// What exists, as records.
pub(super) fn records(call: &mut Call<'_>) -> Vec<super::Record> {
    let all = call.account_state().global_clusters.iter();
    all.map(|(id, global)| super::Record {
        type_name: "AWS::RDS::GlobalCluster",
        id: id.clone(),
        arn: global.arn.clone(),
        tags: global.tags.clone(),
        properties: json!({ "GlobalClusterIdentifier": id, "Engine": global.engine }),
        built_in: false,
    })
    .collect()
}
