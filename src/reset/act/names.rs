//! Names: records, health checks, custom domain names, certificates, the zone.

use serde_json::{Value, json};

use super::{Answer, Halt, Hand, Turn, waiting};
use crate::domain::{FailureClass, GLOBAL_REGION};
use crate::reset::graph::NodeId;
use crate::reset::item::{Item, Kind};

/// A batch of changes has at most 1,000 records; half of it, because a change may count twice.
/// Source: aws-behaviour.md, section 1, Route 53.
const BATCH: usize = 500;

impl Hand<'_> {
    /// Every record of the run's zones but their own NS and SOA.
    pub(super) async fn records(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for zone in self.live(Kind::Zone, GLOBAL_REGION).await? {
            let records = self.removable(&zone).await?;
            if records.is_empty() {
                continue;
            }
            left.push(format!("{} records of {}", records.len(), zone.name));
            let changes: Vec<Value> = records
                .into_iter()
                .take(BATCH)
                .map(|record| json!({ "Action": "DELETE", "ResourceRecordSet": record }))
                .collect();
            let input = json!({ "HostedZoneId": zone.id, "ChangeBatch": { "Changes": changes } });
            self.ask(node, "route53", "change-resource-record-sets", GLOBAL_REGION, input).await?;
        }
        Ok(waiting(&left))
    }

    async fn removable(&self, zone: &Item) -> Result<Vec<Value>, Halt> {
        let input = json!({ "HostedZoneId": zone.id });
        let output = match self.read("route53", "list-resource-record-sets", GLOBAL_REGION, input).await {
            Ok(output) => output,
            Err(failure) if failure.class == FailureClass::NotFound => return Ok(Vec::new()),
            Err(failure) => return Err(Halt::Refused(failure)),
        };
        let records = output.get("ResourceRecordSets").and_then(Value::as_array).cloned().unwrap_or_default();
        let text =
            |record: &Value, member: &str| record.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let apex = |record: &Value| text(record, "Name").trim_end_matches('.') == zone.name.trim_end_matches('.');
        let own = |record: &Value| apex(record) && matches!(text(record, "Type").as_str(), "NS" | "SOA");
        Ok(records.into_iter().filter(|record| !own(record)).collect())
    }

    /// The run's health checks.
    pub(super) async fn health_checks(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for check in self.live(Kind::HealthCheck, GLOBAL_REGION).await? {
            left.push(format!("the health check of {}", check.name));
            let input = json!({ "HealthCheckId": check.id });
            self.ask(node, "route53", "delete-health-check", GLOBAL_REGION, input).await?;
        }
        Ok(waiting(&left))
    }

    /// The run's custom domain names of one Region; their mappings go with them.
    pub(super) async fn domain_names(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for domain in self.live(Kind::DomainName, &node.region).await? {
            left.push(format!("the domain name {}", domain.name));
            let input = json!({ "domainName": domain.id });
            self.ask(node, "apigateway", "delete-domain-name", &node.region, input).await?;
        }
        Ok(waiting(&left))
    }

    /// The run's certificates of one Region. One that is still in use is asked for again later.
    pub(super) async fn certificates(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for certificate in self.live(Kind::Certificate, &node.region).await? {
            left.push(format!("the certificate of {}", certificate.name));
            let input = json!({ "CertificateArn": certificate.id });
            self.ask(node, "acm", "delete-certificate", &node.region, input).await?;
        }
        Ok(waiting(&left))
    }

    /// The run's zones, each after its name was taken out of its parent: a delegation that stays can be taken over.
    pub(super) async fn zone(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for zone in self.live(Kind::Zone, GLOBAL_REGION).await? {
            left.push(format!("the zone {}", zone.name));
            if !self.removable(&zone).await?.is_empty() {
                // Somebody has added a record since; Route 53 would refuse the zone.
                self.records(node).await?;
                continue;
            }
            if !self.undelegated(node, &zone).await? {
                continue;
            }
            let input = json!({ "Id": zone.id });
            self.ask(node, "route53", "delete-hosted-zone", GLOBAL_REGION, input).await?;
        }
        Ok(waiting(&left))
    }

    /// Whether no zone of this account delegates the zone's name; takes the delegation away when one does. Zones of other
    /// accounts cannot be seen from here.
    async fn undelegated(&self, node: &NodeId, zone: &Item) -> Result<bool, Halt> {
        let name = zone.name.trim_end_matches('.').to_lowercase();
        let zones = self.list(Kind::Zone, GLOBAL_REGION).await?;
        let parent =
            zones.iter().find(|other| name.ends_with(&format!(".{}", other.name.trim_end_matches('.').to_lowercase())));
        let Some(parent) = parent else { return Ok(true) };
        let records = self.removable(parent).await?;
        let text = |record: &Value, member: &str| {
            record.get(member).and_then(Value::as_str).unwrap_or_default().to_lowercase()
        };
        let delegates =
            |record: &&Value| text(record, "Name").trim_end_matches('.') == name && text(record, "Type") == "ns";
        let Some(record) = records.iter().find(delegates) else { return Ok(true) };
        let batch = json!({ "Changes": [{ "Action": "DELETE", "ResourceRecordSet": record }] });
        let input = json!({ "HostedZoneId": parent.id, "ChangeBatch": batch });
        let answer = self.ask(node, "route53", "change-resource-record-sets", GLOBAL_REGION, input).await?;
        Ok(!matches!(answer, Answer::Busy(_)))
    }
}
