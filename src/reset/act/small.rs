//! What no stack takes away: APIs that one kept, dashboards that somebody made, and log groups that came back.

use serde_json::json;

use super::{Halt, Hand, Turn, waiting};
use crate::domain::GLOBAL_REGION;
use crate::reset::graph::NodeId;
use crate::reset::item::Kind;

impl Hand<'_> {
    /// APIs of one Region that no stack owns.
    pub(super) async fn apis(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for api in self.live(Kind::RestApi, &node.region).await? {
            if self.stacked.contains(&api.key()) {
                continue;
            }
            left.push(format!("the API {}", api.name));
            self.ask(node, "apigateway", "delete-rest-api", &node.region, json!({ "restApiId": api.id })).await?;
        }
        Ok(waiting(&left))
    }

    /// Schedules of one Region that no stack owns.
    pub(super) async fn schedules(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for one in self.live(Kind::Schedule, &node.region).await? {
            if self.stacked.contains(&one.key()) {
                continue;
            }
            left.push(format!("the schedule {}", one.name));
            self.ask(node, "scheduler", "delete-schedule", &node.region, json!({ "Name": one.id })).await?;
        }
        Ok(waiting(&left))
    }

    /// Dashboards that no stack owns.
    pub(super) async fn dashboards(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for one in self.live(Kind::Dashboard, GLOBAL_REGION).await? {
            if self.stacked.contains(&one.key()) {
                continue;
            }
            left.push(format!("the dashboard {}", one.name));
            let input = json!({ "DashboardNames": [one.id] });
            self.ask(node, "cloudwatch", "delete-dashboards", GLOBAL_REGION, input).await?;
        }
        Ok(waiting(&left))
    }

    /// Pipelines of one Region that no stack owns.
    pub(super) async fn pipelines(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for one in self.live(Kind::Pipeline, &node.region).await? {
            if self.stacked.contains(&one.key()) {
                continue;
            }
            left.push(format!("the pipeline {}", one.name));
            self.ask(node, "codepipeline", "delete-pipeline", &node.region, json!({ "name": one.id })).await?;
        }
        Ok(waiting(&left))
    }

    /// The run's log groups of one Region, those included that a last line has brought back.
    pub(super) async fn log_groups(&self, node: &NodeId) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for group in self.list(Kind::LogGroup, &node.region).await? {
            if !self.allowed.contains(&group.key()) && !self.run.logs_of(&group.name) {
                continue;
            }
            left.push(format!("the log group {}", group.name));
            let input = json!({ "TypeName": Kind::LogGroup.type_name(), "Identifier": group.id });
            self.ask(node, "cloudcontrol", "delete-resource", &node.region, input).await?;
        }
        Ok(waiting(&left))
    }
}
