//! Tests of whole command lines: what the content writes, and what people mistype.

use serde_json::{Value, json};

use super::*;
use crate::domain::Effect;

struct Folder;

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match path {
            "network.yaml" => Ok(b"Resources: {}".to_vec()),
            "large.yaml" => Ok(vec![b'#'; 51_201]),
            "key.json" => Ok(br#"{"id": {"S": "1"}}"#.to_vec()),
            "parameters.json" => Ok(br#"[{"ParameterKey": "A", "ParameterValue": "1"}, "B=2"]"#.to_vec()),
            "site/index.html" => Ok(b"<html>".to_vec()),
            "binary" => Ok(vec![0xff, 0]),
            _ => Err(FileError(format!("there is no file {path}"))),
        }
    }
}

fn command(text: &str) -> Command {
    parse_command(text, &Folder).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn operation(text: &str) -> Operation {
    match command(text) {
        Command::Operation(operation) => operation,
        other => panic!("{other:?}"),
    }
}

fn error(text: &str) -> CommandError {
    match parse_command(text, &Folder) {
        Err(error) => error,
        Ok(command) => panic!("{text}: {command:?}"),
    }
}

#[test]
fn the_replica_of_module_2_is_an_operation() {
    let operation = operation(
        "$ aws rds create-db-cluster \\\n    --db-cluster-identifier bookstore-replica-x1 \\\n    --engine aurora-mysql \\\n    \
         --replication-source-identifier arn:aws:rds:eu-west-1:1:cluster:c \\\n    --vpc-security-group-ids sg-1 sg-2 \\\n    \
         --tags Key=workshop,Value=bookstore Key=run,Value=x1 \\\n    --no-deletion-protection --storage-encrypted \\\n    \
         --backup-retention-period 7 --region ap-southeast-1 --query DBCluster.Status\n",
    );
    assert_eq!((operation.service.as_str(), operation.name.as_str()), ("rds", "create-db-cluster"));
    assert_eq!((operation.api.as_str(), operation.region.as_str()), ("CreateDBCluster", "ap-southeast-1"));
    assert_eq!((operation.effect, operation.query.as_deref()), (Effect::Create, Some("DBCluster.Status")));
    let expected = json!({
        "DBClusterIdentifier": "bookstore-replica-x1", "Engine": "aurora-mysql", "BackupRetentionPeriod": 7,
        "ReplicationSourceIdentifier": "arn:aws:rds:eu-west-1:1:cluster:c", "VpcSecurityGroupIds": ["sg-1", "sg-2"],
        "Tags": [{"Key": "workshop", "Value": "bookstore"}, {"Key": "run", "Value": "x1"}],
        "DeletionProtection": false, "StorageEncrypted": true});
    assert_eq!(operation.input, expected);
}

#[test]
fn values_take_every_form_that_the_aws_cli_takes() {
    for (text, expected) in [
        (
            "s3api put-bucket-versioning --bucket b --versioning-configuration Status=Enabled",
            json!({"Bucket": "b", "VersioningConfiguration": {"Status": "Enabled"}}),
        ),
        (
            "s3api create-bucket --bucket b --create-bucket-configuration LocationConstraint=eu-west-1",
            json!({"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}),
        ),
        (
            "dynamodb update-table --table-name t --replica-updates 'Create={RegionName=eu-west-1}' --region us-east-1",
            json!({"TableName": "t", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}),
        ),
        (
            "dynamodb update-table --table-name t --replica-updates '[{\"Create\": {\"RegionName\": \"eu-west-1\"}}]'",
            json!({"TableName": "t", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}),
        ),
        (
            "dynamodb get-item --table-name t --key file://key.json --consistent-read",
            json!({"TableName": "t", "Key": {"id": {"S": "1"}}, "ConsistentRead": true}),
        ),
        ("dynamodb get-item --table-name t --key 'id={S=1}'", json!({"TableName": "t", "Key": {"id": {"S": "1"}}})),
        (
            "dynamodb create-table --cli-input-json '{\"TableName\": \"t\"}' --table-name u --billing-mode PAY_PER_REQUEST \
            --attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH",
            json!({"TableName": "u", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}),
        ),
        (
            "cloudformation create-stack --stack-name s --template-body file://network.yaml --capabilities CAPABILITY_IAM \
            --parameters ParameterKey=VpcCidr,ParameterValue=10.0.0.0/16 ParameterKey=Azs,ParameterValue='a\\,b'",
            json!({"StackName": "s", "TemplateBody": "Resources: {}", "Capabilities": ["CAPABILITY_IAM"], "Parameters": [
                {"ParameterKey": "VpcCidr", "ParameterValue": "10.0.0.0/16"},
                {"ParameterKey": "Azs", "ParameterValue": "a,b"}]}),
        ),
        (
            "route53 create-health-check --caller-reference r --health-check-config \
            Type=HTTPS,Port=443,ResourcePath=/books,RequestInterval=10,FailureThreshold=3,EnableSNI=true,Regions=eu-west-1,us-east-1",
            json!({"CallerReference": "r", "HealthCheckConfig": {"Type": "HTTPS", "Port": 443, "ResourcePath": "/books",
                "RequestInterval": 10, "FailureThreshold": 3, "EnableSNI": true, "Regions": ["eu-west-1", "us-east-1"]}}),
        ),
        (
            "route53 list-resource-record-sets --hosted-zone-id /hostedzone/Z1",
            json!({"HostedZoneId": "/hostedzone/Z1"}),
        ),
        (
            "cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name AuroraReplicaLag --period 60 \
            --start-time 2026-01-05T09:00:00Z --end-time 1767607200 --statistics Maximum Average \
            --dimensions Name=DBClusterIdentifier,Value=c",
            json!({"Namespace": "AWS/RDS", "MetricName": "AuroraReplicaLag", "Period": 60, "StartTime": 1_767_603_600,
                "EndTime": 1_767_607_200, "Statistics": ["Maximum", "Average"],
                "Dimensions": [{"Name": "DBClusterIdentifier", "Value": "c"}]}),
        ),
        (
            "cloudwatch put-metric-alarm --alarm-name a --comparison-operator GreaterThanThreshold --evaluation-periods 1 \
            --threshold 0.5 --no-actions-enabled",
            json!({"AlarmName": "a", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1,
                "Threshold": 0.5, "ActionsEnabled": false}),
        ),
        (
            "apigateway create-rest-api --name n --api-version 2 --tags run=x1,workshop=bookstore \
            --endpoint-configuration types=REGIONAL",
            json!({"name": "n", "version": "2", "tags": {"run": "x1", "workshop": "bookstore"},
                "endpointConfiguration": {"types": ["REGIONAL"]}}),
        ),
        (
            "ecs update-service --cluster c --service s --desired-count 0 --disable-execute-command",
            json!({"cluster": "c", "service": "s", "desiredCount": 0, "enableExecuteCommand": false}),
        ),
        (
            "s3api delete-objects --bucket b --delete 'Objects=[{Key=a},{Key=b,VersionId=v}],Quiet=true'",
            json!({"Bucket": "b", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}], "Quiet": true}}),
        ),
        (
            "rds describe-db-clusters --no-include-shared --region=eu-west-1 --output json --no-cli-pager",
            json!({"IncludeShared": false}),
        ),
    ] {
        assert_eq!(operation(&format!("aws {text}")).input, expected, "{text}");
    }
}

#[test]
fn regions_are_checked_and_global_services_have_theirs() {
    assert_eq!(operation("aws --region eu-west-1 rds describe-db-clusters").region, "eu-west-1");
    assert_eq!(operation("aws rds describe-db-clusters").region, "");
    assert_eq!(operation("aws route53 list-hosted-zones").region, "us-east-1");
    let error = error("aws rds describe-db-clusters --region eu-wset-1");
    assert_eq!(error.to_string(), "--region: there is no AWS Region 'eu-wset-1'; did you mean 'eu-west-1'?");
    assert_eq!(error.at, 38);
}

#[test]
fn what_is_mistyped_is_named_with_the_nearest() {
    for (text, at, expected) in [
        ("aws", 0, "expected the name of a service after 'aws'; as in aws rds describe-db-clusters"),
        ("ls", 0, "'ls' is no command of this guide; only aws commands run here"),
        ("workshop run all", 9, "'workshop run' does not run in a fence; only workshop reset does"),
        ("workshop reset", 9, "workshop reset needs --suffix, so that the page says whose things go"),
        (
            "workshop reset --suffix a --region eu-west-1",
            9,
            "workshop reset takes neither --region nor --query: it works in both Regions of the run",
        ),
        ("workshop reset --sufix a", 15, "workshop reset has no flag --sufix; did you mean '--suffix'?"),
        ("", 0, "the command is empty; expected aws SERVICE OPERATION --flags"),
        (
            "aws dynamdb list-tables",
            4,
            "the service 'dynamdb' is unknown to this guide, which knows sts, cloudformation, s3api, dynamodb, rds",
        ),
        (
            "aws rds describe-db-cluster",
            8,
            "'describe-db-cluster' is no operation of rds that this guide knows; did you mean 'describe-db-clusters'?",
        ),
        (
            "aws rds wait db-cluster-availble",
            13,
            "'db-cluster-availble' is no waiter of rds, which has db-cluster-available, db-cluster-deleted, \
             db-cluster-snapshot-available, db-cluster-snapshot-deleted, db-instance-available, db-instance-deleted; \
             did you mean 'db-cluster-available'?",
        ),
        (
            "aws rds describe-db-clusters --db-cluster-identifer c",
            29,
            "aws rds describe-db-clusters has no flag --db-cluster-identifer; did you mean '--db-cluster-identifier'?",
        ),
        (
            "aws rds describe-db-clusters c",
            29,
            "aws rds describe-db-clusters: the word 'c' belongs to no flag; flags begin with '--'",
        ),
        (
            "aws rds delete-db-cluster --skip-final-snapshot",
            8,
            "aws rds delete-db-cluster needs --db-cluster-identifier",
        ),
        ("aws rds describe-db-clusters --marker", 29, "--marker needs a value"),
        ("aws rds describe-db-clusters --marker a --marker b", 40, "--marker is given twice"),
        (
            "aws rds modify-db-cluster --db-cluster-identifier c --backup-retention-period week",
            78,
            "--backup-retention-period: expected a whole number, found 'week' (in 'week')",
        ),
        (
            "aws s3api put-bucket-versioning --bucket b --versioning-configuration status=Enabled",
            70,
            "--versioning-configuration: status is unknown; VersioningConfiguration takes MFADelete, Status \
             (in 'status=Enabled'); did you mean 'Status'?",
        ),
        (
            "aws s3api put-bucket-versioning --bucket b --versioning-configuration Enabled",
            70,
            "--versioning-configuration: expected '=' at character 8, found the end (in 'Enabled')",
        ),
        (
            "aws dynamodb get-item --table-name t --key '{\"id\": {\"S\": 1}}'",
            43,
            "--key: id.S: expected text, found a number (in '{\"id\": {\"S\": 1}}')",
        ),
        (
            "aws dynamodb get-item --table-name t --key '{\"id\"'",
            43,
            "--key: the JSON cannot be read: EOF while parsing an object at line 1 column 5 (in '{\"id\"')",
        ),
        (
            "aws dynamodb get-item --table-name t --key file://nowhere",
            43,
            "--key: there is no file nowhere (in 'file://nowhere')",
        ),
        (
            "aws rds add-tags-to-resource --resource-name a --tags Name=x",
            54,
            "--tags: Name is unknown; Tag takes Key, Value (in 'Name=x')",
        ),
        ("aws rds describe-db-clusters --query 'a[?'", 37, "--query: 'a[?' is no JMESPath"),
        (
            "aws rds describe-db-clusters --max-items 5",
            29,
            "--max-items: this guide reads all pages; --query picks from the output",
        ),
        ("aws rds describe-db-clusters --output table", 38, "--output: this guide prints json, not 'table'"),
        (
            "aws rds describe-db-clusters --profile x",
            29,
            "--profile: the credentials are chosen for the whole guide: workshop --aws --profile NAME",
        ),
        ("aws rds describe-db-clusters | head", 29, "a pipe ('|') needs a shell"),
        (
            "aws s3 ls",
            7,
            "'aws s3 ls' is not known to this guide; it knows cp, sync, rm and mb, and all of 'aws s3api'",
        ),
        (
            "aws s3api get-object --bucket b --key k",
            10,
            "aws s3api get-object needs a file for the object at its end, or - for standard output",
        ),
    ] {
        let error = error(text);
        assert!(error.to_string().starts_with(expected), "{text}\n got {error}\nwant {expected}");
        assert_eq!(error.at, at, "{text}: {error}");
    }
}

#[test]
fn words_of_a_shell_need_no_quotes_again() {
    let words: Vec<_> = ["dynamodb", "get-item", "--table-name", "a b", "--key", "{\"id\": {\"S\": \"$1;|\"}}"]
        .map(str::to_owned)
        .into();
    let Ok(Command::Operation(operation)) = parse_words(&words, &Folder) else { panic!() };
    assert_eq!(operation.input, json!({"TableName": "a b", "Key": {"id": {"S": "$1;|"}}}));
    let error = parse_words(&["aws".into(), "rds".into(), "x".into()], &Folder).unwrap_err();
    assert_eq!(error.at, 2);
}

#[test]
fn a_deployment_carries_its_template() {
    let Command::Deploy(deploy) = command(
        "aws cloudformation deploy --stack-name s --template-file network.yaml --parameter-overrides VpcCidr=10.0.0.0/16 \
         'Names=a,b=c' --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM --tags run=x1 --s3-bucket b \
         --no-fail-on-empty-changeset --region eu-west-1",
    ) else {
        panic!()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!((deploy.stack_name.as_str(), deploy.template_body.as_str()), ("s", "Resources: {}"));
    assert_eq!(deploy.parameters, [pair("VpcCidr", "10.0.0.0/16"), pair("Names", "a,b=c")]);
    assert_eq!(deploy.tags, [pair("run", "x1")]);
    assert_eq!(deploy.capabilities, ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]);
    assert_eq!((deploy.s3_bucket.as_deref(), deploy.region.as_str()), (Some("b"), "eu-west-1"));
    assert!(!deploy.fail_on_empty_changeset);
    let Command::Deploy(deploy) = command(
        "aws cloudformation deploy --template-file network.yaml --stack-name s --parameter-overrides file://parameters.json",
    ) else {
        panic!()
    };
    assert_eq!(deploy.parameters, [pair("A", "1"), pair("B", "2")]);
    for (flags, expected) in [
        ("--stack-name s", "aws cloudformation deploy needs --template-file"),
        ("--template-file large.yaml --stack-name s", "--template-file: large.yaml has 51201 bytes"),
        ("--template-file nowhere --stack-name s", "--template-file: there is no file nowhere"),
        ("--template-file binary --stack-name s", "--template-file: binary is not UTF-8 text"),
        (
            "--template-file network.yaml --stack-name s --parameter-overrides A",
            "--parameter-overrides: expected Key=Value",
        ),
        (
            "--template-file network.yaml --stack-name s --stackname t",
            "aws cloudformation deploy has no flag --stackname",
        ),
    ] {
        let error = error(&format!("aws cloudformation deploy {flags}"));
        assert!(error.to_string().starts_with(expected), "{flags}: {error}");
    }
}

#[test]
fn a_waiter_polls_a_read() {
    let Command::Wait(wait) = command("aws rds wait db-cluster-available --db-cluster-identifier c --region eu-west-1")
    else {
        panic!()
    };
    assert_eq!((wait.service.as_str(), wait.waiter.as_str()), ("rds", "db-cluster-available"));
    assert_eq!((wait.operation.api.as_str(), wait.operation.effect), ("DescribeDBClusters", Effect::Read));
    assert_eq!(wait.operation.input, json!({"DBClusterIdentifier": "c"}));
    let Command::Wait(wait) = command("aws s3api wait bucket-exists --bucket b") else { panic!() };
    assert_eq!(wait.service, "s3api");
}

#[test]
fn s3_commands_know_places_and_filters() {
    let Command::S3Copy(copy) =
        command("aws s3 cp --recursive site s3://b/p --region eu-west-1 --exclude '*' --include '*.js'")
    else {
        panic!()
    };
    assert_eq!((copy.from.as_str(), copy.to.as_str(), copy.recursive), ("site", "s3://b/p", true));
    assert_eq!(copy.filters, [(false, "*".to_owned()), (true, "*.js".to_owned())]);
    let Command::S3Sync(sync) = command("aws s3 sync s3://a s3://b/p --delete --quiet") else { panic!() };
    assert!(sync.delete && sync.to == "s3://b/p");
    let Command::S3Remove(remove) = command("aws s3 rm s3://b --recursive") else { panic!() };
    assert!(remove.recursive && remove.uri == "s3://b");
    for (region, more) in
        [("us-east-1", ""), ("eu-west-1", " --create-bucket-configuration LocationConstraint=eu-west-1")]
    {
        let one = command(&format!("aws s3 mb s3://b/ --region {region}"));
        assert_eq!(one, command(&format!("aws s3api create-bucket --bucket b{more} --region {region}")));
    }
    for (text, expected) in [
        ("cp a b", "aws s3 cp: one of the two places must begin with s3://"),
        ("cp a", "aws s3 cp needs two places"),
        ("cp a s3:///k", "aws s3 cp: expected s3://bucket/key, found 's3:///k'"),
        ("rm b", "aws s3 rm: expected s3://bucket/key, found 'b'"),
        ("mb b", "aws s3 mb: expected s3://bucket/key, found 'b'"),
        ("mb", "aws s3 mb needs one s3://bucket"),
        ("mb s3://b/k", "aws s3 mb: expected s3://bucket without a key, found 's3://b/k'"),
        ("mb s3://b --recursive", "aws s3 mb has no flag --recursive"),
        ("sync a s3://b --recursive", "aws s3 sync has no flag --recursive"),
        ("rm s3://b --exclude", "--exclude needs a pattern"),
    ] {
        let error = error(&format!("aws s3 {text}"));
        assert!(error.to_string().starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn bodies_are_files() {
    let operation =
        operation("aws s3api put-object --bucket b --key index.html --body site/index.html --content-type text/html");
    assert_eq!(operation.payload.as_deref(), Some(b"<html>".as_slice()));
    assert_eq!(operation.input, json!({"Bucket": "b", "Key": "index.html", "ContentType": "text/html"}));
    let Command::Download { operation, outfile } = command("aws s3api get-object --bucket b out.html --key k") else {
        panic!()
    };
    assert_eq!((operation.input, outfile.as_str()), (json!({"Bucket": "b", "Key": "k"}), "out.html"));
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "aws (s3api put-object|dynamodb get-item|rds wait|s3 cp|cloudformation deploy)?[ -~\\n\\\\'\"{}\\[\\]=,é]{0,60}") {
        let _ = parse_command(&text, &Folder);
    }

    #[test]
    fn quoted_words_come_back(words in proptest::collection::vec("[ -&(-~\\n]{0,12}", 1..5)) {
        let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let split: Vec<String> = super::words::split(&line).unwrap().into_iter().map(|word| word.text).collect();
        proptest::prop_assert_eq!(split, words);
    }

    #[test]
    fn values_reach_the_input_unchanged(value in "[ -~é]{1,20}") {
        proptest::prop_assume!(!value.starts_with("--") && !value.contains("://"));
        let words = ["rds", "describe-db-clusters", "--marker", &value].map(str::to_owned);
        let Ok(Command::Operation(operation)) = parse_words(&words, &Folder) else { panic!("{value}") };
        proptest::prop_assert_eq!(&operation.input["Marker"], &Value::from(value));
    }
}
