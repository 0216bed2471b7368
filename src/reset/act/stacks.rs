//! Stacks: what is known to make their deletion fail is taken away first, then CloudFormation deletes the rest.

use std::sync::PoisonError;

use serde_json::{Value, json};

use super::{Answer, Halt, Hand, Turn};
use crate::domain::FailureClass;
use crate::protocol::operation;
use crate::reset::commands::command_line;
use crate::reset::graph::NodeId;
use crate::reset::item::{Item, Kind};
use crate::reset::journal::hash;

/// So often is a deletion that has failed asked for again. Objects that land after a bucket was emptied, and interfaces of
/// functions that stay for more than half an hour, need more than one. Source: aws-behaviour.md, section 1.
const TRIES: u32 = 6;

impl Hand<'_> {
    /// One stack.
    pub(super) async fn stack(&self, node: &NodeId) -> Result<Turn, Halt> {
        let stacks = self.live(Kind::Stack, &node.region).await?;
        let Some(stack) = stacks.into_iter().find(|stack| stack.id == node.stack) else { return Ok(Turn::Gone) };
        let status = stack.text("/StackStatus").to_owned();
        let told = Turn::Wait(format!("{} is {status}", stack.name));
        if status == "DELETE_IN_PROGRESS" {
            return Ok(told);
        }
        let failures = self.count_failure(&stack, status == "DELETE_FAILED");
        if failures > TRIES {
            return Err(self.gave_up(&stack).await);
        }
        if let Some(holds) = self.prepare(node, &stack).await? {
            return Ok(Turn::Wait(holds));
        }
        let input = json!({ "StackName": stack.id, "ClientRequestToken": token(&stack, failures) });
        match self.ask(node, "cloudformation", "delete-stack", &node.region, input).await? {
            Answer::Busy(why) => Ok(Turn::Wait(why)),
            Answer::Taken(_) | Answer::Already => Ok(told),
        }
    }

    /// How often the deletion has failed, this time included.
    fn count_failure(&self, stack: &Item, failed: bool) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(format!("{} {}", stack.region, stack.id)).or_default();
        *count += u32::from(failed);
        *count
    }

    /// Takes away what CloudFormation would fail on; says what holds when something must be waited for.
    async fn prepare(&self, node: &NodeId, stack: &Item) -> Result<Option<String>, Halt> {
        if self.is_protected(stack).await? {
            let input = json!({ "StackName": stack.id, "EnableTerminationProtection": false });
            self.ask(node, "cloudformation", "update-termination-protection", &node.region, input).await?;
        }
        for (type_name, id) in self.members(stack).await? {
            let holds = match type_name.as_str() {
                "AWS::RDS::DBCluster" => self.free_cluster(node, &id).await?,
                "AWS::DynamoDB::Table" => self.free_table(node, &id).await?,
                "AWS::S3::Bucket" => {
                    let empty = self.empty(node, &id, &node.region).await?;
                    (!empty).then(|| format!("the bucket {id} is not empty yet"))
                }
                _ => None,
            };
            if holds.is_some() {
                return Ok(holds);
            }
        }
        Ok(None)
    }

    async fn is_protected(&self, stack: &Item) -> Result<bool, Halt> {
        let input = json!({ "StackName": stack.id });
        match self.read("cloudformation", "describe-stacks", &stack.region, input).await {
            Ok(output) => Ok(output.pointer("/Stacks/0/EnableTerminationProtection") == Some(&Value::Bool(true))),
            Err(failure) if failure.class == FailureClass::NotFound => Ok(false),
            Err(failure) => Err(Halt::Refused(failure)),
        }
    }

    async fn members(&self, stack: &Item) -> Result<Vec<(String, String)>, Halt> {
        let input = json!({ "StackName": stack.id });
        let output = match self.read("cloudformation", "list-stack-resources", &stack.region, input).await {
            Ok(output) => output,
            Err(failure) if failure.class == FailureClass::NotFound => return Ok(Vec::new()),
            Err(failure) => return Err(Halt::Refused(failure)),
        };
        let rows = output.get("StackResourceSummaries").and_then(Value::as_array).cloned().unwrap_or_default();
        let member = |row: &Value| {
            let text = |name: &str| row.get(name).and_then(Value::as_str);
            let gone = text("ResourceStatus") == Some("DELETE_COMPLETE");
            (!gone).then(|| Some((text("ResourceType")?.to_owned(), text("PhysicalResourceId")?.to_owned()))).flatten()
        };
        Ok(rows.iter().filter_map(member).filter(|(_, id)| !id.is_empty()).collect())
    }

    /// A cluster without protection and without a replica that follows it.
    async fn free_cluster(&self, node: &NodeId, id: &str) -> Result<Option<String>, Halt> {
        let clusters = self.list(Kind::Cluster, &node.region).await?;
        let Some(cluster) = clusters.iter().find(|cluster| cluster.id == id) else { return Ok(None) };
        let followers = cluster.list("/ReadReplicaIdentifiers");
        if !followers.is_empty() {
            return Ok(Some(format!("{id} still has {} replica clusters", followers.len())));
        }
        if !cluster.is_on("/DeletionProtection") {
            return Ok(None);
        }
        let input = json!({ "DBClusterIdentifier": id, "DeletionProtection": false, "ApplyImmediately": true });
        self.ask(node, "rds", "modify-db-cluster", &node.region, input).await?;
        Ok(Some(format!("the deletion protection of {id} is being taken away")))
    }

    /// A table without protection and without a replica.
    async fn free_table(&self, node: &NodeId, id: &str) -> Result<Option<String>, Halt> {
        let Some(table) = self.table(id, &node.region).await? else { return Ok(None) };
        let others = table.get("Replicas").and_then(Value::as_array).into_iter().flatten();
        let others = others.filter(|one| one.get("RegionName").and_then(Value::as_str) != Some(node.region.as_str()));
        if others.count() > 0 {
            return Ok(Some(format!("{id} still has a replica")));
        }
        if self.unprotected(node, id, &node.region, &table).await? {
            return Ok(None);
        }
        Ok(Some(format!("the deletion protection of {id} is being taken away")))
    }

    /// Why the deletion fails, in CloudFormation's words, and how a person goes on.
    async fn gave_up(&self, stack: &Item) -> Halt {
        let input = json!({ "StackName": stack.id });
        let events = self.read("cloudformation", "describe-stack-events", &stack.region, input.clone()).await;
        let events = events.ok().and_then(|output| output.get("StackEvents").and_then(Value::as_array).cloned());
        let failed = events.unwrap_or_default().into_iter().find(|event| {
            let is = |name: &str, value: &str| event.get(name).and_then(Value::as_str) == Some(value);
            is("ResourceStatus", "DELETE_FAILED") && !is("ResourceType", "AWS::CloudFormation::Stack")
        });
        let failed = failed.unwrap_or_default();
        let text = |name: &str| failed.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut why = format!("{} could not be deleted in {TRIES} attempts", stack.name);
        if !text("LogicalResourceId").is_empty() {
            why = format!("{why}: {}: {}", text("LogicalResourceId"), text("ResourceStatusReason"));
        }
        let mut finish = vec![operation("cloudformation", "describe-stack-events", &stack.region, input.clone())];
        if let Some(filter) = interfaces_of(text("ResourceType")) {
            why += "; a network interface may still use it: Lambda deletes none of a function whose role is gone, so that \
                    it is to be deleted by hand, with aws ec2 delete-network-interface";
            let filter = json!({ "Filters": [{ "Name": filter, "Values": [text("PhysicalResourceId")] }] });
            finish.push(operation("ec2", "describe-network-interfaces", &stack.region, filter));
        }
        finish.push(operation("cloudformation", "delete-stack", &stack.region, input));
        Halt::GaveUp { why, finish: finish.iter().map(command_line).collect() }
    }
}

/// The filter that finds the network interfaces which keep something of that type from being deleted.
/// Source: AWS Lambda Developer Guide, "Understanding Hyperplane ENIs": Lambda deletes them with the permissions of the
/// function's role, and without it they are to be deleted by hand.
fn interfaces_of(type_name: &str) -> Option<&'static str> {
    match type_name {
        "AWS::EC2::Subnet" => Some("subnet-id"),
        "AWS::EC2::SecurityGroup" => Some("group-id"),
        "AWS::EC2::VPC" => Some("vpc-id"),
        _ => None,
    }
}

/// The same token asks for the same deletion: a reset that starts again never begins a second one.
fn token(stack: &Item, failures: u32) -> String {
    let arn = stack.arn.as_deref().unwrap_or(&stack.id);
    let digest = hash(&format!("{arn} {} {failures}", stack.text("/DeletionTime")));
    format!("workshop-reset-{}", digest.get(..32).unwrap_or(&digest))
}
