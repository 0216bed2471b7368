//! Data: replicas and clusters of Aurora, global databases, replicas of tables, tables, snapshots.

use serde_json::{Value, json};

use super::{Answer, Halt, Hand, Turn, waiting};
use crate::domain::FailureClass;
use crate::domain::region::Role;
use crate::reset::graph::NodeId;
use crate::reset::item::{Item, Kind};

/// Whether a state says that the thing is on its way out.
fn leaving(state: &str) -> bool {
    state.to_ascii_lowercase().starts_with("delet")
}

impl Hand<'_> {
    /// The instances of a cluster of one Region, whoever lists them.
    async fn instances_of(&self, cluster: &str, region: &str) -> Result<Vec<Item>, Halt> {
        let all = self.list(Kind::Instance, region).await?;
        Ok(all.into_iter().filter(|one| one.text("/DBClusterIdentifier") == cluster).collect())
    }

    /// Replica clusters of one Region follow nobody any more. One without instances cannot be promoted, and goes.
    pub(super) async fn promotion(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for cluster in self.live(Kind::Cluster, &node.region).await? {
            let state = cluster.text("/Status").to_owned();
            if cluster.text("/ReplicationSourceIdentifier").is_empty() {
                if state == "promoting" {
                    left.push(format!("{} is promoting", cluster.name));
                }
                continue;
            }
            left.push(format!("{} follows its source and is {state}", cluster.name));
            let id = json!({ "DBClusterIdentifier": cluster.id });
            let instances = self.instances_of(&cluster.id, &node.region).await?;
            if instances.iter().all(|one| leaving(one.text("/DBInstanceStatus"))) {
                // Nothing of it is left but the cluster itself, or it soon will be.
                self.cluster_goes(node, &cluster).await?;
            } else if state == "available" {
                self.ask(node, "rds", "promote-read-replica-db-cluster", &node.region, id).await?;
            }
        }
        Ok(waiting(&left))
    }

    /// Global databases: secondaries first, the writer last, then the shell. Roles are those of now.
    pub(super) async fn global_database(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        let region = self.run.regions.primary().as_str();
        for global in self.live(Kind::GlobalCluster, region).await? {
            left.push(format!("the global database {}", global.name));
            let id = &global.id;
            if global.is_on("/DeletionProtection") {
                let input = json!({ "GlobalClusterIdentifier": id, "DeletionProtection": false });
                self.ask(node, "rds", "modify-global-cluster", region, input).await?;
                continue;
            }
            let members = global.list("/GlobalClusterMembers");
            let arn =
                |member: &Value| member.get("DBClusterArn").and_then(Value::as_str).unwrap_or_default().to_owned();
            let writes = |member: &&&Value| member.get("IsWriter").and_then(Value::as_bool).unwrap_or(false);
            let secondary = members.iter().find(|member| !writes(member));
            let Some(member) = secondary.or_else(|| members.iter().find(writes)) else {
                let input = json!({ "GlobalClusterIdentifier": id });
                self.ask(node, "rds", "delete-global-cluster", region, input).await?;
                continue;
            };
            let arn = arn(member);
            // The call goes to the member's own Region.
            let home = arn.split(':').nth(3).unwrap_or(region).to_owned();
            // A cluster that is being changed, by whomever, does not leave; its state says when that ends.
            let cluster =
                self.list(Kind::Cluster, &home).await?.into_iter().find(|one| one.text("/DBClusterArn") == arn);
            if let Some(busy) = cluster.filter(|one| one.text("/Status").contains("ing")) {
                left.push(format!("{} is {}", busy.name, busy.text("/Status")));
                continue;
            }
            // AWS shows a member as before while it leaves, and takes the same request again and again.
            if self.once(&arn) {
                let input = json!({ "GlobalClusterIdentifier": id, "DbClusterIdentifier": arn });
                if let Answer::Busy(_) = self.ask(node, "rds", "remove-from-global-cluster", &home, input).await? {
                    self.again(&arn);
                }
            }
        }
        Ok(waiting(&left))
    }

    /// Clusters of one Region that no stack owns, with their instances.
    pub(super) async fn databases(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for cluster in self.live(Kind::Cluster, &node.region).await? {
            if self.in_stack(&cluster) {
                continue;
            }
            left.push(format!("the cluster {} is {}", cluster.name, cluster.text("/Status")));
            let followers = cluster.list("/ReadReplicaIdentifiers");
            if !followers.is_empty() {
                left.push(format!("{} still has {} replica clusters", cluster.name, followers.len()));
                continue;
            }
            self.cluster_goes(node, &cluster).await?;
        }
        for instance in self.live(Kind::Instance, &node.region).await? {
            let alone = instance.text("/DBClusterIdentifier").is_empty();
            if !self.in_stack(&instance) {
                left.push(format!("the instance {} is {}", instance.name, instance.text("/DBInstanceStatus")));
                if alone {
                    self.instance_goes(node, &instance).await?;
                }
            }
        }
        Ok(waiting(&left))
    }

    fn in_stack(&self, item: &Item) -> bool {
        self.stacked.contains(&item.key())
    }

    /// Takes the next thing that is due from a cluster: its protection, its readers, its writer, itself.
    pub(super) async fn cluster_goes(&self, node: &NodeId, cluster: &Item) -> Result<(), Halt> {
        if leaving(cluster.text("/Status")) {
            return Ok(());
        }
        let region = &cluster.region;
        if cluster.is_on("/DeletionProtection") {
            let input =
                json!({ "DBClusterIdentifier": cluster.id, "DeletionProtection": false, "ApplyImmediately": true });
            self.ask(node, "rds", "modify-db-cluster", region, input).await?;
            return Ok(());
        }
        let writer = cluster
            .list("/DBClusterMembers")
            .into_iter()
            .find(|member| member.get("IsClusterWriter").and_then(Value::as_bool).unwrap_or(false));
        let writer = writer.and_then(|member| member.get("DBInstanceIdentifier")).and_then(Value::as_str);
        let staying: Vec<Item> = self
            .instances_of(&cluster.id, region)
            .await?
            .into_iter()
            .filter(|one| !leaving(one.text("/DBInstanceStatus")))
            .collect();
        let (writers, readers): (Vec<Item>, Vec<Item>) =
            staying.into_iter().partition(|one| Some(one.id.as_str()) == writer);
        let next = if readers.is_empty() { writers } else { readers };
        for instance in &next {
            self.instance_goes(node, instance).await?;
        }
        if next.is_empty() {
            // As soon as the last instance is deleting, the cluster may be asked for as well.
            let input = json!({ "DBClusterIdentifier": cluster.id, "SkipFinalSnapshot": true });
            self.ask(node, "rds", "delete-db-cluster", region, input).await?;
        }
        Ok(())
    }

    async fn instance_goes(&self, node: &NodeId, instance: &Item) -> Result<(), Halt> {
        let state = instance.text("/DBInstanceStatus");
        if leaving(state) || state == "creating" {
            return Ok(());
        }
        if instance.is_on("/DeletionProtection") && instance.text("/DBClusterIdentifier").is_empty() {
            let input =
                json!({ "DBInstanceIdentifier": instance.id, "DeletionProtection": false, "ApplyImmediately": true });
            self.ask(node, "rds", "modify-db-instance", &instance.region, input).await?;
            return Ok(());
        }
        let input = json!({ "DBInstanceIdentifier": instance.id, "SkipFinalSnapshot": true });
        self.ask(node, "rds", "delete-db-instance", &instance.region, input).await?;
        Ok(())
    }

    /// A table as it is; `None` when it does not exist.
    pub(super) async fn table(&self, name: &str, region: &str) -> Result<Option<Value>, Halt> {
        match self.read("dynamodb", "describe-table", region, json!({ "TableName": name })).await {
            Ok(output) => Ok(output.get("Table").cloned()),
            Err(failure) if failure.class == FailureClass::NotFound => Ok(None),
            Err(failure) => Err(Halt::Refused(failure)),
        }
    }

    /// Tables have no replica any more. Each is changed where its stack is, or in the primary Region.
    pub(super) async fn table_replicas(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut tables = Vec::new();
        for role in [Role::Primary, Role::Secondary] {
            tables.extend(self.live(Kind::Table, self.run.regions.of(role).as_str()).await?);
        }
        // A stack's own table speaks for its replicas.
        tables.sort_by_key(|table| !self.in_stack(table));
        for table in tables {
            if !seen.insert(table.id.clone()) {
                continue;
            }
            let Some(found) = self.table(&table.id, &table.region).await? else { continue };
            let replicas: Vec<(String, String)> = found
                .get("Replicas")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|replica| {
                    let text = |member: &str| replica.get(member).and_then(Value::as_str).map(str::to_owned);
                    Some((text("RegionName")?, text("ReplicaStatus").unwrap_or_default()))
                })
                .filter(|(region, _)| *region != table.region)
                .collect();
            let state = found.get("TableStatus").and_then(Value::as_str).unwrap_or_default().to_owned();
            if let Some((region, status)) = replicas.first() {
                left.push(format!("the replica of {} in {region} is {status}", table.name));
            } else if state == "UPDATING" {
                left.push(format!("{} is {state}", table.name));
            }
            let next = replicas.iter().find(|(_, status)| !leaving(status));
            let (Some((region, _)), "ACTIVE") = (next, state.as_str()) else { continue };
            if replicas.iter().any(|(_, status)| leaving(status)) {
                continue;
            }
            if let Some(replica) = self.table(&table.id, region).await?
                && !self.unprotected(node, &table.id, region, &replica).await?
            {
                continue;
            }
            let input = json!({ "TableName": table.id, "ReplicaUpdates": [{ "Delete": { "RegionName": region } }] });
            self.ask(node, "dynamodb", "update-table", &table.region, input).await?;
        }
        Ok(waiting(&left))
    }

    /// Whether a table may be deleted as far as its own protection goes; takes the protection away when it has one.
    pub(super) async fn unprotected(
        &self,
        node: &NodeId,
        name: &str,
        region: &str,
        table: &Value,
    ) -> Result<bool, Halt> {
        if !table.get("DeletionProtectionEnabled").and_then(Value::as_bool).unwrap_or(false) {
            return Ok(true);
        }
        if table.get("TableStatus").and_then(Value::as_str) == Some("ACTIVE") {
            let input = json!({ "TableName": name, "DeletionProtectionEnabled": false });
            self.ask(node, "dynamodb", "update-table", region, input).await?;
        }
        Ok(false)
    }

    /// Tables of one Region that no stack owns and that are nobody's replica.
    pub(super) async fn tables(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for table in self.live(Kind::Table, &node.region).await? {
            if self.in_stack(&table) {
                continue;
            }
            let Some(found) = self.table(&table.id, &node.region).await? else { continue };
            let state = found.get("TableStatus").and_then(Value::as_str).unwrap_or_default();
            left.push(format!("the table {} is {state}", table.name));
            if state == "ACTIVE" && self.unprotected(node, &table.id, &node.region, &found).await? {
                self.ask(node, "dynamodb", "delete-table", &node.region, json!({ "TableName": table.id })).await?;
            }
        }
        Ok(waiting(&left))
    }

    /// Manual and final snapshots of the run's clusters in one Region, those that appeared meanwhile included.
    pub(super) async fn snapshots(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for snapshot in self.list(Kind::Snapshot, &node.region).await? {
            let of_ours = (Kind::Cluster, node.region.clone(), snapshot.name.clone());
            if !self.allowed.contains(&snapshot.key()) && !self.allowed.contains(&of_ours) {
                continue;
            }
            left.push(format!("the snapshot {}", snapshot.id));
            let input = json!({ "DBClusterSnapshotIdentifier": snapshot.id });
            self.ask(node, "rds", "delete-db-cluster-snapshot", &node.region, input).await?;
        }
        Ok(waiting(&left))
    }
}
