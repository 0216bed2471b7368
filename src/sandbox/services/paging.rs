//! Pages of lists that their handlers give whole: cut at the wire, so that calls inside the simulation see everything.

use serde_json::{Value, json};

use super::super::call::AwsError;
use crate::protocol::paginator;

/// How one operation's answer is cut.
struct Cut {
    service: &'static str,
    operation: &'static str,
    /// Items of a page when the caller gives no size.
    default: usize,
    /// The largest size that a caller may give.
    most: usize,
    /// What AWS says of a token or a size that is none.
    refusal: &'static str,
}

const fn cut(service: &'static str, operation: &'static str, sizes: (usize, usize), refusal: &'static str) -> Cut {
    Cut { service, operation, default: sizes.0, most: sizes.1, refusal }
}

/// Sources: the operations' pages in the API references of ACM (MaxItems 1 to 1000), Amazon API Gateway (limit: default
/// 25, at most 500), Amazon CloudWatch (MaxRecords 1 to 100), AWS CodePipeline (maxResults 1 to 100, and 1000 for
/// pipelines), Amazon EC2 (MaxResults 5 to 1000), Amazon ECS (maxResults 1 to 100; ListServices gives 10 when it is
/// left out), IAM (MaxItems: default 100, at most 1000), CloudWatch Logs (limit: at most 50, and 10,000 for events),
/// AWS Organizations (MaxResults 1 to 20), EventBridge Scheduler and Service Quotas (MaxResults 1 to 100).
const CUTS: &[Cut] = &[
    cut("acm", "ListCertificates", (1000, 1000), "ValidationException"),
    cut("apigateway", "GetBasePathMappings", (25, 500), "BadRequestException"),
    cut("apigateway", "GetDeployments", (25, 500), "BadRequestException"),
    cut("apigateway", "GetDomainNames", (25, 500), "BadRequestException"),
    cut("apigateway", "GetResources", (25, 500), "BadRequestException"),
    cut("apigateway", "GetRestApis", (25, 500), "BadRequestException"),
    cut("cloudwatch", "DescribeAlarms", (100, 100), "InvalidNextToken"),
    cut("codepipeline", "ListPipelineExecutions", (100, 100), "InvalidNextTokenException"),
    cut("codepipeline", "ListPipelines", (1000, 1000), "InvalidNextTokenException"),
    cut("ec2", "DescribeNetworkInterfaces", (1000, 1000), "InvalidParameterValue"),
    cut("ecs", "ListClusters", (100, 100), "InvalidParameterException"),
    cut("ecs", "ListServices", (10, 100), "InvalidParameterException"),
    cut("ecs", "ListTasks", (100, 100), "InvalidParameterException"),
    cut("iam", "ListAttachedRolePolicies", (100, 1000), "ValidationError"),
    cut("iam", "ListEntitiesForPolicy", (100, 1000), "ValidationError"),
    cut("iam", "ListInstanceProfiles", (100, 1000), "ValidationError"),
    cut("iam", "ListInstanceProfilesForRole", (100, 1000), "ValidationError"),
    cut("iam", "ListPolicies", (100, 1000), "ValidationError"),
    cut("iam", "ListPolicyVersions", (100, 1000), "ValidationError"),
    cut("iam", "ListRolePolicies", (100, 1000), "ValidationError"),
    cut("iam", "ListRoleTags", (100, 1000), "ValidationError"),
    cut("iam", "ListRoles", (100, 1000), "ValidationError"),
    cut("iam", "SimulatePrincipalPolicy", (100, 1000), "ValidationError"),
    cut("logs", "DescribeLogGroups", (50, 50), "InvalidParameterException"),
    cut("logs", "DescribeLogStreams", (50, 50), "InvalidParameterException"),
    cut("logs", "FilterLogEvents", (10_000, 10_000), "InvalidParameterException"),
    cut("organizations", "ListAccounts", (20, 20), "InvalidInputException"),
    cut("organizations", "ListAccountsForParent", (20, 20), "InvalidInputException"),
    cut("organizations", "ListChildren", (20, 20), "InvalidInputException"),
    cut("organizations", "ListOrganizationalUnitsForParent", (20, 20), "InvalidInputException"),
    cut("scheduler", "ListSchedules", (100, 100), "ValidationException"),
    cut("service-quotas", "ListAWSDefaultServiceQuotas", (100, 100), "IllegalArgumentException"),
    cut("service-quotas", "ListServiceQuotas", (100, 100), "IllegalArgumentException"),
    cut("service-quotas", "ListServices", (100, 100), "IllegalArgumentException"),
];

/// The page of `output` that `input` asks for; an output that its handler pages itself comes back as it is.
pub fn page(service: &str, operation: &str, input: &Value, mut output: Value) -> Result<Value, AwsError> {
    let Some(cut) = CUTS.iter().find(|cut| cut.service == service && cut.operation == operation) else {
        return Ok(output);
    };
    let Some(spec) = paginator(service, operation) else { return Ok(output) };
    let given = |name: Option<&String>| name.and_then(|name| input.get(name));
    let refuse = |what: &str| AwsError::client(cut.refusal, format!("The given {what} is not valid."));
    let size = match given(spec.limit_key.as_ref()).map(Value::as_u64) {
        None => cut.default,
        Some(size) => size
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| (1..=cut.most).contains(size))
            .ok_or_else(|| refuse("size of a page"))?,
    };
    let from = match given(spec.input_token.first()).map(Value::as_str) {
        None => 0,
        Some(token) => token.and_then(|token| token.parse::<usize>().ok()).ok_or_else(|| refuse("token"))?,
    };
    let Some(fields) = output.as_object_mut() else { return Ok(output) };
    // The lists of one answer follow each other.
    let (mut skip, mut room, mut left) = (from, size, 0);
    for name in &spec.result_key {
        let Some(Value::Array(items)) = fields.get_mut(name) else { continue };
        let whole = std::mem::take(items);
        let here = whole.len().saturating_sub(skip);
        let skipped = whole.len() - here;
        let taken = here.min(room);
        items.extend(whole.into_iter().skip(skipped).take(taken));
        (skip, room, left) = (skip - skipped, room - taken, left + here - taken);
    }
    if let (true, Some(name)) = (left > 0, spec.output_token.first()) {
        fields.insert(name.clone(), json!((from + size).to_string()));
    }
    if let Some(name) = &spec.more_results {
        fields.insert(name.clone(), json!(left > 0));
    }
    Ok(output)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_the_last_has_no_token() {
        let whole = json!({ "items": [1, 2, 3] });
        let ask = |input: Value| page("apigateway", "GetRestApis", &input, whole.clone());
        assert_eq!(ask(json!({ "limit": 2 })).unwrap(), json!({ "items": [1, 2], "position": "2" }));
        assert_eq!(ask(json!({ "limit": 2, "position": "2" })).unwrap(), json!({ "items": [3] }));
        assert_eq!(ask(json!({})).unwrap(), whole);
        for wrong in [json!({ "limit": 0 }), json!({ "limit": 501 }), json!({ "position": "x" })] {
            assert_eq!(ask(wrong).unwrap_err().code, "BadRequestException");
        }
        let both = json!({ "PolicyGroups": [], "PolicyUsers": [1, 2], "PolicyRoles": [3], "IsTruncated": false });
        let ask = |input: Value| page("iam", "ListEntitiesForPolicy", &input, both.clone()).unwrap();
        let first =
            json!({ "PolicyGroups": [], "PolicyUsers": [1], "PolicyRoles": [], "IsTruncated": true, "Marker": "1" });
        assert_eq!(ask(json!({ "MaxItems": 1 })), first);
        let rest = json!({ "PolicyGroups": [], "PolicyUsers": [2], "PolicyRoles": [3], "IsTruncated": false });
        assert_eq!(ask(json!({ "MaxItems": 2, "Marker": "1" })), rest);
        assert_eq!(page("rds", "DescribeDBClusters", &json!({ "MaxRecords": 1 }), whole.clone()).unwrap(), whole);
    }

    #[test]
    fn every_cut_is_of_a_paged_operation() {
        for cut in CUTS {
            let spec = paginator(cut.service, cut.operation).unwrap_or_else(|| panic!("{}", cut.operation));
            assert!(spec.limit_key.is_some() && spec.input_token.len() == 1, "{}", cut.operation);
        }
    }
}
