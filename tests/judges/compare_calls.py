"""The calls of compare.py, in order. Later ones build on earlier ones."""

import json
from dataclasses import dataclass, field


@dataclass
class Call:
    title: str
    service: str
    operation: str
    given: dict
    show: object = None
    keep: dict = field(default_factory=dict)
    region: str = "eu-west-1"
    wait: tuple = None


CALLS = []
ABROAD = "ap-southeast-1"


def call(title, service, operation, show=None, keep=None, /, *, region="eu-west-1", wait=None, **given):
    CALLS.append(Call(title, service, operation, given, show, keep or {}, region, wait))


def template(resources, **more):
    return json.dumps({"Resources": resources, **more})


ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}
NAMED = {"Type": "AWS::IAM::Role", "Properties": {**ROLE["Properties"], "RoleName": "compare-role"}}
TABLE = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
BUCKET = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}

# STS
call("sts: who am I", "sts", "get_caller_identity", lambda r: "an account" if r["Account"].isdigit() else r["Account"])
call("sts: a role that does not exist", "sts", "assume_role", RoleArn="arn:aws:iam::111122223333:role/none", RoleSessionName="session")

# S3
call("s3: create a bucket", "s3", "create_bucket", Bucket="compare-one", **BUCKET)
call("s3: the same bucket again", "s3", "create_bucket", Bucket="compare-one", **BUCKET)
call("s3: a bucket name with capitals", "s3", "create_bucket", Bucket="Compare_One", **BUCKET)
call("s3: a bucket name of two letters", "s3", "create_bucket", Bucket="ab", **BUCKET)
call("s3: a bucket name like an address", "s3", "create_bucket", Bucket="192.168.5.4", **BUCKET)
call("s3: no location outside us-east-1", "s3", "create_bucket", Bucket="compare-nowhere")
call("s3: another Region's location", "s3", "create_bucket", Bucket="compare-abroad", CreateBucketConfiguration={"LocationConstraint": ABROAD})
call("s3: head of a bucket that is not there", "s3", "head_bucket", Bucket="compare-none")
call("s3: location of a bucket", "s3", "get_bucket_location", lambda r: r["LocationConstraint"], Bucket="compare-one")
call("s3: versioning of a new bucket", "s3", "get_bucket_versioning", lambda r: r.get("Status", "none"), Bucket="compare-one")
call("s3: policy that is not there", "s3", "get_bucket_policy", Bucket="compare-one")
call("s3: tags that are not there", "s3", "get_bucket_tagging", Bucket="compare-one")
call("s3: replication that is not there", "s3", "get_bucket_replication", Bucket="compare-one")
call("s3: encryption of a new bucket", "s3", "get_bucket_encryption",
     lambda r: r["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], Bucket="compare-one")
call("s3: public access block of a new bucket", "s3", "get_public_access_block",
     lambda r: r["PublicAccessBlockConfiguration"]["BlockPublicAcls"], Bucket="compare-one")
call("s3: replication without versioning", "s3", "put_bucket_replication", Bucket="compare-one", ReplicationConfiguration={
    "Role": "arn:aws:iam::111122223333:role/r", "Rules": [{"ID": "a", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
    "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::compare-none"}}]})
call("s3: put an object", "s3", "put_object", lambda r: r["ETag"], Bucket="compare-one", Key="a/b", Body=b"hello")
call("s3: get an object", "s3", "get_object", lambda r: r["Body"].read().decode(), Bucket="compare-one", Key="a/b")
call("s3: a range of an object", "s3", "get_object", lambda r: (r["Body"].read().decode(), r["ContentRange"]), Bucket="compare-one", Key="a/b", Range="bytes=1-2")
call("s3: a range behind the end", "s3", "get_object", Bucket="compare-one", Key="a/b", Range="bytes=50-60")
call("s3: get with a fitting entity tag", "s3", "get_object", lambda r: "ok", Bucket="compare-one", Key="a/b", IfMatch='"5d41402abc4b2a76b9719d911017c592"')
call("s3: get with another entity tag", "s3", "get_object", Bucket="compare-one", Key="a/b", IfMatch='"0"')
call("s3: get if it has changed", "s3", "get_object", Bucket="compare-one", Key="a/b", IfNoneMatch='"5d41402abc4b2a76b9719d911017c592"')
call("s3: put if it is not there", "s3", "put_object", Bucket="compare-one", Key="a/b", Body=b"x", IfNoneMatch="*")
call("s3: get an object that is not there", "s3", "get_object", Bucket="compare-one", Key="none")
call("s3: head of an object that is not there", "s3", "head_object", Bucket="compare-one", Key="none")
call("s3: get from a bucket that is not there", "s3", "get_object", Bucket="compare-none", Key="k")
call("s3: copy an object", "s3", "copy_object", lambda r: r["CopyObjectResult"]["ETag"], Bucket="compare-one", Key="copy", CopySource="compare-one/a/b")
call("s3: copy what is not there", "s3", "copy_object", Bucket="compare-one", Key="copy", CopySource="compare-one/none")
call("s3: list with a delimiter", "s3", "list_objects_v2", lambda r: ([p["Prefix"] for p in r.get("CommonPrefixes", [])], [o["Key"] for o in r["Contents"]]), Bucket="compare-one", Delimiter="/")
call("s3: list two at most", "s3", "list_objects_v2", lambda r: (r["KeyCount"], r["IsTruncated"]), Bucket="compare-one", MaxKeys=1)
call("s3: delete what is not there", "s3", "delete_object", Bucket="compare-one", Key="never")
call("s3: delete a bucket that is not empty", "s3", "delete_bucket", Bucket="compare-one")
call("s3: version of an object without versions", "s3", "get_object", Bucket="compare-one", Key="a/b", VersionId="nonsense")
call("s3: versioning on", "s3", "put_bucket_versioning", Bucket="compare-one", VersioningConfiguration={"Status": "Enabled"})
call("s3: delete makes a marker", "s3", "delete_object", lambda r: r["DeleteMarker"], Bucket="compare-one", Key="a/b")
call("s3: get behind a marker", "s3", "get_object", Bucket="compare-one", Key="a/b")
call("s3: a versioning status that is none", "s3", "put_bucket_versioning", Bucket="compare-one", VersioningConfiguration={"Status": "Maybe"})
call("s3: policy that is no JSON", "s3", "put_bucket_policy", Bucket="compare-one", Policy="{")
call("s3: policy of another bucket", "s3", "put_bucket_policy", Bucket="compare-one", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::another/*"}]}))

# DynamoDB
call("dynamodb: create a table", "dynamodb", "create_table", lambda r: r["TableDescription"]["TableStatus"], TableName="Compare", wait=("table_exists", {"TableName": "Compare"}), **TABLE)
call("dynamodb: the same table again", "dynamodb", "create_table", TableName="Compare", **TABLE)
call("dynamodb: a table name of two letters", "dynamodb", "create_table", TableName="ab", **TABLE)
call("dynamodb: a key that is not defined", "dynamodb", "create_table", TableName="Broken", **{**TABLE, "KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}]})
call("dynamodb: an attribute that no key uses", "dynamodb", "create_table", TableName="Broken", **{**TABLE, "AttributeDefinitions": [*TABLE["AttributeDefinitions"], {"AttributeName": "x", "AttributeType": "S"}]})
call("dynamodb: provisioned without throughput", "dynamodb", "create_table", TableName="Broken", **{**TABLE, "BillingMode": "PROVISIONED"})
call("dynamodb: a table that is not there", "dynamodb", "describe_table", TableName="None")
call("dynamodb: put an item", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "1"}, "n": {"N": "5"}})
call("dynamodb: put without the key", "dynamodb", "put_item", TableName="Compare", Item={"n": {"N": "5"}})
call("dynamodb: put a key of another type", "dynamodb", "put_item", TableName="Compare", Item={"id": {"N": "1"}})
call("dynamodb: put an empty key", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": ""}})
call("dynamodb: put a number that is none", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "2"}, "n": {"N": "five"}})
call("dynamodb: put an empty set", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "2"}, "s": {"SS": []}})
call("dynamodb: put a set with a value twice", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "2"}, "s": {"SS": ["a", "a"]}})
call("dynamodb: a condition that fails", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "1"}}, ConditionExpression="attribute_not_exists(id)")
call("dynamodb: a condition that holds", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "1"}, "n": {"N": "6"}}, ConditionExpression="n < :m", ExpressionAttributeValues={":m": {"N": "6"}})
call("dynamodb: a condition that cannot be read", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "1"}}, ConditionExpression="n <")
call("dynamodb: a reserved word", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "1"}}, ConditionExpression="attribute_exists(name)")
call("dynamodb: a value that no expression uses", "dynamodb", "put_item", TableName="Compare", Item={"id": {"S": "1"}}, ConditionExpression="attribute_exists(id)", ExpressionAttributeValues={":m": {"N": "6"}})
call("dynamodb: get an item", "dynamodb", "get_item", lambda r: r["Item"].get("n"), TableName="Compare", Key={"id": {"S": "1"}})
call("dynamodb: get what is not there", "dynamodb", "get_item", lambda r: "Item" in r, TableName="Compare", Key={"id": {"S": "9"}})
call("dynamodb: get with too many keys", "dynamodb", "get_item", TableName="Compare", Key={"id": {"S": "1"}, "n": {"N": "1"}})
call("dynamodb: count up", "dynamodb", "update_item", lambda r: r["Attributes"], TableName="Compare", Key={"id": {"S": "c"}}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}}, ReturnValues="ALL_NEW")
call("dynamodb: set a number that is not there", "dynamodb", "update_item", TableName="Compare", Key={"id": {"S": "d"}}, UpdateExpression="SET n = n + :one", ExpressionAttributeValues={":one": {"N": "1"}})
call("dynamodb: change a key", "dynamodb", "update_item", TableName="Compare", Key={"id": {"S": "c"}}, UpdateExpression="SET id = :v", ExpressionAttributeValues={":v": {"S": "x"}})
call("dynamodb: set a path twice", "dynamodb", "update_item", TableName="Compare", Key={"id": {"S": "c"}}, UpdateExpression="SET n = :v, n = :v", ExpressionAttributeValues={":v": {"N": "1"}})
call("dynamodb: add to text", "dynamodb", "update_item", TableName="Compare", Key={"id": {"S": "c"}}, UpdateExpression="ADD id2 :v", ExpressionAttributeValues={":v": {"S": "1"}})
call("dynamodb: query without the key", "dynamodb", "query", TableName="Compare", KeyConditionExpression="n = :v", ExpressionAttributeValues={":v": {"N": "1"}})
call("dynamodb: query an index that is not there", "dynamodb", "query", TableName="Compare", IndexName="none", KeyConditionExpression="id = :v", ExpressionAttributeValues={":v": {"S": "1"}})
call("dynamodb: a filter on the key", "dynamodb", "query", TableName="Compare", KeyConditionExpression="id = :v", FilterExpression="id = :v", ExpressionAttributeValues={":v": {"S": "1"}})
call("dynamodb: scan with a count", "dynamodb", "scan", lambda r: (r["Count"], "Items" in r), TableName="Compare", Select="COUNT")
call("dynamodb: scan of zero", "dynamodb", "scan", TableName="Compare", Limit=0)
call("dynamodb: batch with the same key twice", "dynamodb", "batch_write_item", RequestItems={"Compare": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}, {"DeleteRequest": {"Key": {"id": {"S": "1"}}}}]})
call("dynamodb: batch of 26", "dynamodb", "batch_write_item", RequestItems={"Compare": [{"PutRequest": {"Item": {"id": {"S": f"b{n}"}}}} for n in range(26)]})
call("dynamodb: a transaction whose condition fails", "dynamodb", "transact_write_items", TransactItems=[
    {"Put": {"TableName": "Compare", "Item": {"id": {"S": "t"}}}},
    {"ConditionCheck": {"TableName": "Compare", "Key": {"id": {"S": "none"}}, "ConditionExpression": "attribute_exists(id)"}}])
call("dynamodb: nothing of it was written", "dynamodb", "get_item", lambda r: "Item" in r, TableName="Compare", Key={"id": {"S": "t"}})
call("dynamodb: a replica without a stream", "dynamodb", "update_table", TableName="Compare", ReplicaUpdates=[{"Create": {"RegionName": ABROAD}}])
call("dynamodb: a stream without a view", "dynamodb", "update_table", TableName="Compare", StreamSpecification={"StreamEnabled": True})
call("dynamodb: tags of what is not there", "dynamodb", "list_tags_of_resource", ResourceArn="arn:aws:dynamodb:eu-west-1:111122223333:table/None")
call("dynamodb: delete what is not there", "dynamodb", "delete_table", TableName="None")

# RDS
CLUSTER = {"Engine": "aurora-mysql", "MasterUsername": "admin", "MasterUserPassword": "secret99"}
call("rds: create a cluster", "rds", "create_db_cluster", lambda r: r["DBCluster"]["Status"], DBClusterIdentifier="compare", **CLUSTER)
call("rds: the same cluster again", "rds", "create_db_cluster", DBClusterIdentifier="compare", **CLUSTER)
call("rds: the retired engine aurora", "rds", "create_db_cluster", DBClusterIdentifier="old", **{**CLUSTER, "Engine": "aurora"})
call("rds: an engine that is none", "rds", "create_db_cluster", DBClusterIdentifier="odd", **{**CLUSTER, "Engine": "abacus"})
call("rds: no password", "rds", "create_db_cluster", DBClusterIdentifier="open", Engine="aurora-mysql", MasterUsername="admin")
call("rds: a short password", "rds", "create_db_cluster", DBClusterIdentifier="short", **{**CLUSTER, "MasterUserPassword": "abc"})
call("rds: an identifier with two hyphens", "rds", "create_db_cluster", DBClusterIdentifier="a--b", **CLUSTER)
call("rds: a cluster that is not there", "rds", "describe_db_clusters", DBClusterIdentifier="none")
call("rds: a page of five", "rds", "describe_db_clusters", MaxRecords=5)
call("rds: an instance in no cluster", "rds", "create_db_instance", DBInstanceIdentifier="i", DBClusterIdentifier="none", Engine="aurora-mysql", DBInstanceClass="db.t4g.medium")
call("rds: an instance of another engine", "rds", "create_db_instance", DBInstanceIdentifier="i", DBClusterIdentifier="compare", Engine="mysql", DBInstanceClass="db.t4g.medium")
call("rds: an instance", "rds", "create_db_instance", lambda r: r["DBInstance"]["DBInstanceStatus"], DBInstanceIdentifier="compare-1", DBClusterIdentifier="compare", Engine="aurora-mysql", DBInstanceClass="db.t4g.medium")
call("rds: delete a cluster that has instances", "rds", "delete_db_cluster", DBClusterIdentifier="compare", SkipFinalSnapshot=True)
call("rds: delete without a word on the snapshot", "rds", "delete_db_cluster", DBClusterIdentifier="compare")
call("rds: a replica of what is not there", "rds", "create_db_cluster", region=ABROAD, DBClusterIdentifier="lost", Engine="aurora-mysql", ReplicationSourceIdentifier="arn:aws:rds:eu-west-1:111122223333:cluster:none")
call("rds: a replica that is linked to its source", "rds", "describe_db_clusters", lambda r: r["DBClusters"][0].get("ReadReplicaIdentifiers"), DBClusterIdentifier="compare")
call("rds: promote what is no replica", "rds", "promote_read_replica_db_cluster", DBClusterIdentifier="compare")
call("rds: a subnet group of no subnets", "rds", "create_db_subnet_group", DBSubnetGroupName="g", DBSubnetGroupDescription="d", SubnetIds=["subnet-0"])
call("rds: a subnet group that is not there", "rds", "describe_db_subnet_groups", DBSubnetGroupName="none")
call("rds: a parameter group of no family", "rds", "create_db_cluster_parameter_group", DBClusterParameterGroupName="g", DBParameterGroupFamily="none", Description="d")
call("rds: delete a parameter group that is not there", "rds", "delete_db_cluster_parameter_group", DBClusterParameterGroupName="none")
call("rds: a snapshot that is not there", "rds", "describe_db_cluster_snapshots", DBClusterSnapshotIdentifier="none")

# Route 53
call("route53: a zone", "route53", "create_hosted_zone", lambda r: r["HostedZone"]["ResourceRecordSetCount"], {"zone": lambda r: r["HostedZone"]["Id"]}, Name="compare.test", CallerReference="1")
call("route53: the same reference again", "route53", "create_hosted_zone", Name="compare.test", CallerReference="1")
call("route53: a name that is none", "route53", "create_hosted_zone", Name="a..b", CallerReference="2")
call("route53: a zone that is not there", "route53", "get_hosted_zone", Id="Z000000NONE")


def records(title, *sets, action="CREATE"):
    call(f"route53: {title}", "route53", "change_resource_record_sets", HostedZoneId="$zone", ChangeBatch={"Changes": [
        {"Action": action, "ResourceRecordSet": {"TTL": 60, "Type": "A", "ResourceRecords": [{"Value": "192.0.2.1"}], **one}} for one in sets]})


records("a record", {"Name": "a.compare.test"})
records("the same record again", {"Name": "a.compare.test"})
records("a record outside the zone", {"Name": "a.other.test"})
records("an address that is none", {"Name": "b.compare.test", "ResourceRecords": [{"Value": "300.1.1.1"}]})
records("CNAME beside a record", {"Name": "a.compare.test", "Type": "CNAME", "ResourceRecords": [{"Value": "x.test"}]})
records("CNAME at the top of the zone", {"Name": "compare.test", "Type": "CNAME", "ResourceRecords": [{"Value": "x.test"}]})
records("weighted beside simple", {"Name": "a.compare.test", "SetIdentifier": "w", "Weight": 1})
records("weighted", {"Name": "w.compare.test", "SetIdentifier": "w", "Weight": 1})
records("latency beside weighted", {"Name": "w.compare.test", "SetIdentifier": "l", "Region": "eu-west-1"})
records("the same set identifier again", {"Name": "w.compare.test", "SetIdentifier": "w", "Weight": 2})
records("a policy without a set identifier", {"Name": "v.compare.test", "Weight": 1})
records("two primaries", {"Name": "f.compare.test", "SetIdentifier": "1", "Failover": "PRIMARY"}, {"Name": "f.compare.test", "SetIdentifier": "2", "Failover": "PRIMARY"})
records("a batch of which one fails", {"Name": "good.compare.test"}, {"Name": "bad.other.test"})
call("route53: nothing of it was made", "route53", "list_resource_record_sets", lambda r: any(s["Name"].startswith("good") for s in r["ResourceRecordSets"]), HostedZoneId="$zone")
records("delete with another value", {"Name": "a.compare.test", "ResourceRecords": [{"Value": "192.0.2.9"}]}, action="DELETE")
records("delete what is not there", {"Name": "never.compare.test"}, action="DELETE")
call("route53: delete a zone that has records", "route53", "delete_hosted_zone", Id="$zone")
call("route53: a health check", "route53", "create_health_check", lambda r: r["HealthCheck"]["HealthCheckVersion"], {"check": lambda r: r["HealthCheck"]["Id"]}, CallerReference="h", HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "a.compare.test", "Port": 443, "FailureThreshold": 1, "RequestInterval": 10})
call("route53: an interval that is none", "route53", "create_health_check", CallerReference="i", HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "a.test", "RequestInterval": 17})
call("route53: two checker Regions", "route53", "create_health_check", CallerReference="r", HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "a.test", "Regions": ["eu-west-1", "us-east-1"]})
call("route53: a check of what does not answer", "route53", "get_health_check_status", lambda r: sorted({o["StatusReport"]["Status"].split(":")[0] for o in r["HealthCheckObservations"]}), HealthCheckId="$check")
call("route53: a record with a check that is not there", "route53", "change_resource_record_sets", HostedZoneId="$zone", ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
    "Name": "h.compare.test", "Type": "A", "TTL": 60, "SetIdentifier": "h", "Weight": 1, "HealthCheckId": "00000000-0000-0000-0000-000000000000", "ResourceRecords": [{"Value": "192.0.2.1"}]}}]})
call("route53: a check that is not there", "route53", "get_health_check", HealthCheckId="00000000-0000-0000-0000-000000000000")

# CloudFormation
call("cloudformation: a role without the capability", "cloudformation", "create_stack", StackName="caps", TemplateBody=template({"R": ROLE}))
call("cloudformation: a named role with the lesser capability", "cloudformation", "create_stack", StackName="caps", TemplateBody=template({"R": NAMED}), Capabilities=["CAPABILITY_IAM"])
call("cloudformation: a change set without the capability", "cloudformation", "create_change_set", StackName="caps2", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=template({"R": ROLE}))
call("cloudformation: a template that is none", "cloudformation", "create_stack", StackName="bad", TemplateBody="{")
call("cloudformation: a template without resources", "cloudformation", "create_stack", StackName="bad", TemplateBody="{}")
call("cloudformation: a reference that leads nowhere", "cloudformation", "create_stack", StackName="bad", TemplateBody=template({"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "None"}}}}))
call("cloudformation: a circle", "cloudformation", "create_stack", StackName="bad", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup", "DependsOn": "B"}, "B": {"Type": "AWS::Logs::LogGroup", "DependsOn": "A"}}))
call("cloudformation: a type that is none", "cloudformation", "create_stack", StackName="bad", TemplateBody=template({"A": {"Type": "AWS::None::Such"}}))
call("cloudformation: a parameter that is missing", "cloudformation", "create_stack", StackName="bad", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup"}}, Parameters={"P": {"Type": "String"}}))
call("cloudformation: a parameter too many", "cloudformation", "create_stack", StackName="bad", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup"}}), Parameters=[{"ParameterKey": "P", "ParameterValue": "1"}])
call("cloudformation: a value that is not allowed", "cloudformation", "create_stack", StackName="bad", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup"}}, Parameters={"P": {"Type": "String", "AllowedValues": ["a"]}}), Parameters=[{"ParameterKey": "P", "ParameterValue": "b"}])
call("cloudformation: an import that nobody exports", "cloudformation", "create_stack", StackName="imports", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::ImportValue": "nothing"}}}}))
call("cloudformation: a stack name with an underscore", "cloudformation", "create_stack", StackName="a_b", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup"}}))
call("cloudformation: a bucket name that S3 refuses", "cloudformation", "create_stack", StackName="names", TemplateBody=template({"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "Not_A_Bucket"}}}), wait=("stack_create_complete", {"StackName": "names"}))
call("cloudformation: a stack", "cloudformation", "create_stack", StackName="good", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "good"}}}), wait=("stack_create_complete", {"StackName": "good"}))
call("cloudformation: the same stack again", "cloudformation", "create_stack", StackName="good", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup"}}))
call("cloudformation: events of a resource", "cloudformation", "describe_stack_events", lambda r: [e["ResourceStatus"] for e in r["StackEvents"] if e["LogicalResourceId"] == "A"], StackName="good")
call("cloudformation: an update that changes nothing", "cloudformation", "update_stack", StackName="good", TemplateBody=template({"A": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "good"}}}))
call("cloudformation: a stack that is not there", "cloudformation", "describe_stacks", StackName="none")
call("cloudformation: delete a stack that is not there", "cloudformation", "delete_stack", StackName="none")
call("cloudformation: protect a stack", "cloudformation", "update_termination_protection", StackName="good", EnableTerminationProtection=True)
call("cloudformation: delete a protected stack", "cloudformation", "delete_stack", StackName="good")
call("cloudformation: a change set that is not there", "cloudformation", "describe_change_set", StackName="good", ChangeSetName="none")
call("cloudformation: validate nonsense", "cloudformation", "validate_template", TemplateBody="nonsense")

# ACM, API Gateway, ECS, CloudWatch, Cloud Control, tagging
call("acm: a certificate", "acm", "request_certificate", None, {"certificate": lambda r: r["CertificateArn"]}, DomainName="a.compare.test", ValidationMethod="DNS")
call("acm: its status", "acm", "describe_certificate", lambda r: r["Certificate"]["Status"], CertificateArn="$certificate")
call("acm: a name that is none", "acm", "request_certificate", DomainName="not a name", ValidationMethod="DNS")
call("acm: a certificate that is not there", "acm", "describe_certificate", CertificateArn="arn:aws:acm:eu-west-1:111122223333:certificate/00000000-0000-0000-0000-000000000000")
call("acm: an ARN that is none", "acm", "describe_certificate", CertificateArn="nonsense-of-some-length")
call("apigateway: an API", "apigateway", "create_rest_api", lambda r: r["name"], {"api": lambda r: r["id"]}, name="compare")
call("apigateway: an API that is not there", "apigateway", "get_rest_api", restApiId="none")
call("apigateway: a domain with a pending certificate", "apigateway", "create_domain_name", domainName="a.compare.test", regionalCertificateArn="$certificate", endpointConfiguration={"types": ["REGIONAL"]})
call("apigateway: a domain that is not there", "apigateway", "get_domain_name", domainName="none.test")
call("apigateway: deploy without methods", "apigateway", "create_deployment", restApiId="$api", stageName="prod")
call("apigateway: a stage that is not there", "apigateway", "get_stage", restApiId="$api", stageName="none")
call("apigateway: a mapping of a domain that is not there", "apigateway", "create_base_path_mapping", domainName="none.test", restApiId="$api", stage="prod")
call("ecs: services of a cluster that is not there", "ecs", "list_services", cluster="none")
call("ecs: a cluster that is not there", "ecs", "describe_clusters", lambda r: [f["reason"] for f in r["failures"]], clusters=["none"])
call("ecs: a service that is not there", "ecs", "update_service", cluster="none", service="none", desiredCount=1)
call("ecs: a task definition that is not there", "ecs", "describe_task_definition", taskDefinition="none")
call("cloudwatch: alarms that are not there", "cloudwatch", "describe_alarms", lambda r: r["MetricAlarms"], AlarmNames=["none"])
call("cloudwatch: delete an alarm that is not there", "cloudwatch", "delete_alarms", AlarmNames=["none"])
call("cloudwatch: end before start", "cloudwatch", "get_metric_statistics", Namespace="AWS/RDS", MetricName="CPUUtilization", StartTime="2026-01-05T10:00:00Z", EndTime="2026-01-05T09:00:00Z", Period=60, Statistics=["Average"])
call("cloudcontrol: a type that is none", "cloudcontrol", "list_resources", TypeName="AWS::None::Such")
call("cloudcontrol: a bucket", "cloudcontrol", "get_resource", lambda r: r["ResourceDescription"]["Identifier"], TypeName="AWS::S3::Bucket", Identifier="compare-one")
call("cloudcontrol: a bucket that is not there", "cloudcontrol", "get_resource", TypeName="AWS::S3::Bucket", Identifier="compare-none")
call("tagging: nothing is tagged so", "resourcegroupstaggingapi", "get_resources", lambda r: r["ResourceTagMappingList"], TagFilters=[{"Key": "none"}])

# Services whose operations may not be on the sandbox's wire; then it refuses them by name.
call("iam: a role that is not there", "iam", "get_role", RoleName="none")
call("iam: a policy that is no JSON", "iam", "create_role", RoleName="r", AssumeRolePolicyDocument="{")
call("ec2: a VPC", "ec2", "create_vpc", lambda r: r["Vpc"]["CidrBlock"], {"vpc": lambda r: r["Vpc"]["VpcId"]}, CidrBlock="10.7.0.0/16")
call("ec2: a subnet outside its VPC", "ec2", "create_subnet", VpcId="$vpc", CidrBlock="10.9.0.0/24")
call("ec2: a VPC that is not there", "ec2", "describe_vpcs", VpcIds=["vpc-00000000000000000"])
call("elbv2: a load balancer that is not there", "elbv2", "describe_load_balancers", Names=["none"])
call("lambda: a function that is not there", "lambda", "get_function", FunctionName="none")
call("cognito-idp: a pool that is not there", "cognito-idp", "describe_user_pool", UserPoolId="eu-west-1_none00000")
call("cloudfront: a distribution that is not there", "cloudfront", "get_distribution", Id="ENONE")
call("secretsmanager: a secret that is not there", "secretsmanager", "get_secret_value", SecretId="none")
