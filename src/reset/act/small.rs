//! What no stack takes away: APIs that one kept, schedules, dashboards and pipelines that somebody made, and log groups
//! that came back.

use serde_json::{Value, json};

use super::{Halt, Hand, Turn, waiting};
use crate::domain::GLOBAL_REGION;
use crate::reset::graph::NodeId;
use crate::reset::item::Kind;

/// How a thing is deleted that stands in nothing's way: the service, the operation, and the input for its identifier.
type Deletion = (&'static str, &'static str, fn(&str) -> Value);

impl Hand<'_> {
    /// APIs of one Region that no stack owns.
    pub(super) async fn apis(&self, node: &NodeId) -> Result<Turn, Halt> {
        let how: Deletion = ("apigateway", "delete-rest-api", |id| json!({ "restApiId": id }));
        self.each_loose(node, Kind::RestApi, &node.region, "API", how).await
    }

    /// Schedules of one Region that no stack owns.
    pub(super) async fn schedules(&self, node: &NodeId) -> Result<Turn, Halt> {
        let how: Deletion = ("scheduler", "delete-schedule", |id| json!({ "Name": id }));
        self.each_loose(node, Kind::Schedule, &node.region, "schedule", how).await
    }

    /// Dashboards that no stack owns.
    pub(super) async fn dashboards(&self, node: &NodeId) -> Result<Turn, Halt> {
        let how: Deletion = ("cloudwatch", "delete-dashboards", |id| json!({ "DashboardNames": [id] }));
        self.each_loose(node, Kind::Dashboard, GLOBAL_REGION, "dashboard", how).await
    }

    /// Pipelines of one Region that no stack owns.
    pub(super) async fn pipelines(&self, node: &NodeId) -> Result<Turn, Halt> {
        let how: Deletion = ("codepipeline", "delete-pipeline", |id| json!({ "name": id }));
        self.each_loose(node, Kind::Pipeline, &node.region, "pipeline", how).await
    }

    /// Asks for the deletion of everything of a kind that no stack owns.
    async fn each_loose(
        &self,
        node: &NodeId,
        kind: Kind,
        region: &str,
        word: &str,
        (service, operation, input): Deletion,
    ) -> Result<Turn, Halt> {
        let mut left = Vec::new();
        for one in self.live(kind, region).await? {
            if self.stacked.contains(&one.key()) {
                continue;
            }
            left.push(format!("the {word} {}", one.name));
            self.ask(node, service, operation, region, input(&one.id)).await?;
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
