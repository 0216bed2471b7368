#!/usr/bin/env python3
"""boto3's paginators and waiters as judges of `workshop sandbox serve`.

    pip install boto3==1.43.11 && cargo build && python3 tests/judges/waiters_paginators.py [path of the workshop binary]

Every paginator of a simulated operation walks a list of more than one page, and what it finds is compared with one big
page. Every waiter of simulated operations ends in success. botocore says which there are; one that is neither exercised
here nor listed in PAGES_LEFT_OUT or WAITERS_LEFT_OUT with a reason is a failure, so that none is forgotten.
"""

import json
import sys
import time
import traceback

import botocore.session

import served

# Paginators that are not walked over two pages, and why.
PAGES_LEFT_OUT = {
    "ec2 DescribeNetworkInterfaces": "a page has at least 5, and each listed interface needs a function in a VPC",
    "cloudformation DescribeStackEvents": "a page has 100 events and no size can be given; walked with what is there",
}
# Waiters that are not ended in success, and why.
WAITERS_LEFT_OUT = {
    "ec2 NetworkInterfaceAvailable": "the interfaces listed are those that Lambda made, and Lambda removes them itself",
    "cloudformation StackImportComplete": "resources are not imported into stacks",
    "cloudformation StackRollbackComplete": "waits for RollbackStack, which is not simulated",
    "cloudwatch CompositeAlarmExists": "composite alarms are not simulated",
    "rds DBClusterSnapshotAvailable": "CreateDBClusterSnapshot is not simulated",
    "rds DBClusterSnapshotDeleted": "DeleteDBClusterSnapshot is not simulated",
    "rds TenantDatabaseAvailable": "tenant databases are not simulated",
    "rds TenantDatabaseDeleted": "tenant databases are not simulated",
}

TEMPLATE = """
Resources:
  One: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: %s-one}}
  Two: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: %s-two}}
Outputs:
  A: {Value: !Ref One, Export: {Name: %s-a}}
"""
IMPORTS = """
Resources:
  Parameter: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: !Join ["-", [of, !ImportValue p-one-a]]}}
"""


class Judge:
    def __init__(self, world, simulated):
        self.world, self.simulated = world, simulated
        self.failures, self.walked, self.waited = [], set(), set()

    def has(self, service, *operations):
        return set(operations) <= self.simulated.get(service, set())

    def client(self, service, region="eu-west-1"):
        return self.world.client(service, region)

    def pages(self, service, operation, key, size, least=2, **given):
        """Walks a paginator in pages of `size`, and compares with what one big page has."""
        if not self.has(service, operation):
            return
        self.walked.add(f"{service} {operation}")
        client = self.client(service)
        paginator = client.get_paginator(botocore.xform_name(operation))
        config = {"PageSize": size} if size else {}
        # What is still being made changes between two walks; nothing does for long at this speed.
        for _ in range(10):
            pages = list(paginator.paginate(**given, PaginationConfig=config))
            small = [str(item) for page in pages for item in page.get(key) or []]
            whole = [str(item) for page in paginator.paginate(**given) for item in page.get(key) or []]
            if small == whole:
                break
            time.sleep(0.2)
        title = f"{service} {operation}"
        if len(pages) < least:
            self.failures.append(f"{title}: {len(pages)} page(s) of {len(small)} items")
        if size and any(len(page.get(key) or []) > size for page in pages):
            self.failures.append(f"{title}: a page is larger than {size}")
        if small != whole:
            self.failures.append(f"{title}: {len(small)} items in small pages, {len(whole)} in a large one")
        if len(set(small)) != len(small):
            self.failures.append(f"{title}: an item came twice")

    def wait(self, service, name, **given):
        self.waited.add(f"{service} {name}")
        waiter = self.client(service).get_waiter(botocore.xform_name(name))
        try:
            waiter.wait(**given, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
        except Exception as error:
            self.failures.append(f"{service} {name}: {error}")

    def run(self, part):
        try:
            part(self)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[1]
            self.failures.append(f"{part.__name__}, line {place.lineno}: {type(error).__name__}: {error}")


def cloudformation(judge):
    client = judge.client("cloudformation")
    for name in ["p-one", "p-two", "p-three"]:
        client.create_stack(StackName=name, TemplateBody=TEMPLATE % (name, name, name))
        judge.wait("cloudformation", "StackExists", StackName=name)
        judge.wait("cloudformation", "StackCreateComplete", StackName=name)
    for number in (1, 2):
        client.create_change_set(StackName="p-one", ChangeSetName=f"c{number}", UsePreviousTemplate=False,
                                 TemplateBody=TEMPLATE % ("p-1", f"p-{number}", "p-one"))
        judge.wait("cloudformation", "ChangeSetCreateComplete", StackName="p-one", ChangeSetName=f"c{number}")
    # None of these takes a size of a page; what is there fits into one.
    judge.pages("cloudformation", "DescribeStacks", "Stacks", None, 1)
    judge.pages("cloudformation", "ListStacks", "StackSummaries", None, 1)
    judge.pages("cloudformation", "ListStackResources", "StackResourceSummaries", None, 1, StackName="p-one")
    judge.pages("cloudformation", "DescribeStackEvents", "StackEvents", None, 1, StackName="p-one")
    judge.pages("cloudformation", "DescribeChangeSet", "Changes", None, 1, StackName="p-one", ChangeSetName="c1")
    judge.pages("cloudformation", "ListChangeSets", "Summaries", None, 1, StackName="p-one")
    judge.pages("cloudformation", "ListExports", "Exports", None, 1)
    client.create_stack(StackName="p-imports", TemplateBody=IMPORTS)
    judge.wait("cloudformation", "StackCreateComplete", StackName="p-imports")
    judge.pages("cloudformation", "ListImports", "Imports", None, 1, ExportName="p-one-a")
    client.update_stack(StackName="p-two", TemplateBody=TEMPLATE % ("p-2", "p-two", "p-two"))
    judge.wait("cloudformation", "StackUpdateComplete", StackName="p-two")
    client.delete_stack(StackName="p-three")
    judge.wait("cloudformation", "StackDeleteComplete", StackName="p-three")


# CloudFormation's lists take no page size: a page is what the service says (100 stacks, exports and events).
PAGES_LEFT_OUT.update({
    f"cloudformation {name}": "the API takes no page size; walked over what is there"
    for name in ["DescribeStacks", "ListStacks", "ListStackResources", "DescribeChangeSet", "ListChangeSets", "ListExports", "ListImports"]
})


def s3(judge):
    client = judge.client("s3")
    for name in ["pages-one", "pages-two", "pages-three"]:
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        judge.wait("s3", "BucketExists", Bucket=name)
    client.put_bucket_versioning(Bucket="pages-one", VersioningConfiguration={"Status": "Enabled"})
    for number in range(7):
        client.put_object(Bucket="pages-one", Key=f"k ü/{number}", Body=b"x")
        client.put_object(Bucket="pages-one", Key=f"k ü/{number}", Body=b"y")
    judge.wait("s3", "ObjectExists", Bucket="pages-one", Key="k ü/1")
    judge.pages("s3", "ListObjects", "Contents", 3, 3, Bucket="pages-one")
    judge.pages("s3", "ListObjectsV2", "Contents", 3, 3, Bucket="pages-one")
    judge.pages("s3", "ListObjectVersions", "Versions", 3, 4, Bucket="pages-one")
    judge.pages("s3", "ListBuckets", "Buckets", 2)
    if judge.has("s3", "CreateMultipartUpload", "ListParts", "ListMultipartUploads", "UploadPart"):
        uploads = [client.create_multipart_upload(Bucket="pages-two", Key=f"u{n}")["UploadId"] for n in range(3)]
        for part in (1, 2, 3):
            client.upload_part(Bucket="pages-two", Key="u0", UploadId=uploads[0], PartNumber=part, Body=b"x")
        judge.pages("s3", "ListMultipartUploads", "Uploads", 2, Bucket="pages-two")
        judge.pages("s3", "ListParts", "Parts", 2, Bucket="pages-two", Key="u0", UploadId=uploads[0])
    client.delete_object(Bucket="pages-one", Key="k ü/1")
    judge.wait("s3", "ObjectNotExists", Bucket="pages-one", Key="k ü/1")
    client.delete_bucket(Bucket="pages-three")
    judge.wait("s3", "BucketNotExists", Bucket="pages-three")


def dynamodb(judge):
    client = judge.client("dynamodb")
    for name in ["pages-a", "pages-b", "pages-c"]:
        client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", Tags=[{"Key": "one", "Value": "1"}],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("id", "at")],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}])
        judge.wait("dynamodb", "TableExists", TableName=name)
    for number in range(7):
        client.put_item(TableName="pages-a", Item={"id": {"S": "x"}, "at": {"S": str(number)}})
    judge.pages("dynamodb", "ListTables", "TableNames", 2)
    judge.pages("dynamodb", "Scan", "Items", 3, 3, TableName="pages-a")
    judge.pages("dynamodb", "Query", "Items", 3, 3, TableName="pages-a", KeyConditionExpression="id = :i",
                ExpressionAttributeValues={":i": {"S": "x"}})
    arn = client.describe_table(TableName="pages-a")["Table"]["TableArn"]
    judge.pages("dynamodb", "ListTagsOfResource", "Tags", None, 1, ResourceArn=arn)
    client.delete_table(TableName="pages-c")
    judge.wait("dynamodb", "TableNotExists", TableName="pages-c")


PAGES_LEFT_OUT["dynamodb ListTagsOfResource"] = "a table has at most 50 tags, which are one page"


def rds(judge):
    client = judge.client("rds")
    for number in range(21):
        client.create_db_cluster_parameter_group(DBClusterParameterGroupName=f"pages-{number}", Description="d",
                                                 DBParameterGroupFamily="aurora-mysql8.0")
    for number in range(21):
        client.create_db_cluster(DBClusterIdentifier=f"pages-{number}", Engine="aurora-mysql", MasterUsername="admin",
                                 MasterUserPassword="secret99")
    for number in range(2):
        client.create_db_instance(DBInstanceIdentifier=f"pages-{number}", DBClusterIdentifier="pages-0",
                                  Engine="aurora-mysql", DBInstanceClass="db.t4g.medium")
    judge.wait("rds", "DBClusterAvailable", DBClusterIdentifier="pages-0")
    judge.wait("rds", "DBInstanceAvailable", DBInstanceIdentifier="pages-0")
    judge.pages("rds", "DescribeDBClusters", "DBClusters", 20)
    judge.pages("rds", "DescribeDBClusterParameterGroups", "DBClusterParameterGroups", 20)
    judge.pages("rds", "DescribeDBClusterParameters", "Parameters", 20, 1, DBClusterParameterGroupName="pages-0")
    for number in range(21):
        client.create_global_cluster(GlobalClusterIdentifier=f"pages-{number}", Engine="aurora-mysql")
    judge.pages("rds", "DescribeGlobalClusters", "GlobalClusters", 20)
    judge.pages("rds", "DescribeDBInstances", "DBInstances", 20, 1)
    judge.pages("rds", "DescribeDBSubnetGroups", "DBSubnetGroups", 20, 1)
    judge.pages("rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots", 20, 1)
    client.delete_db_instance(DBInstanceIdentifier="pages-1", SkipFinalSnapshot=True)
    judge.wait("rds", "DBInstanceDeleted", DBInstanceIdentifier="pages-1")
    judge.wait("rds", "DBClusterAvailable", DBClusterIdentifier="pages-1")
    client.delete_db_cluster(DBClusterIdentifier="pages-1", SkipFinalSnapshot=True)
    judge.wait("rds", "DBClusterDeleted", DBClusterIdentifier="pages-1")


PAGES_LEFT_OUT.update({
    "rds DescribeDBClusterParameters": "a page has at least 20; walked over what is there",
    "rds DescribeDBInstances": "a page has at least 20, and a cluster at most 16 instances; walked over what is there",
    "rds DescribeDBSubnetGroups": "a page has at least 20, and each group needs subnets; walked over what is there",
    "rds DescribeDBClusterSnapshots": "a page has at least 20; walked over what is there",
})


def route53(judge):
    client = judge.client("route53")
    zones = [client.create_hosted_zone(Name=f"z{n}.test", CallerReference=str(n))["HostedZone"]["Id"] for n in range(3)]
    changes = [{"Action": "CREATE", "ResourceRecordSet": {"Name": f"r{n}.z0.test", "Type": "A", "TTL": 60,
                                                          "ResourceRecords": [{"Value": "192.0.2.1"}]}} for n in range(5)]
    changed = client.change_resource_record_sets(HostedZoneId=zones[0], ChangeBatch={"Changes": changes})
    judge.wait("route53", "ResourceRecordSetsChanged", Id=changed["ChangeInfo"]["Id"])
    for number in range(3):
        client.create_health_check(CallerReference=str(number), HealthCheckConfig={
            "Type": "HTTPS", "FullyQualifiedDomainName": f"h{number}.z0.test", "Port": 443})
    judge.pages("route53", "ListHostedZones", "HostedZones", 2)
    judge.pages("route53", "ListHealthChecks", "HealthChecks", 2)
    judge.pages("route53", "ListResourceRecordSets", "ResourceRecordSets", 3, 3, HostedZoneId=zones[0])


def acm(judge):
    client, zone = judge.client("acm"), judge.client("route53")
    arns = [client.request_certificate(DomainName=f"a{n}.z1.test", ValidationMethod="DNS")["CertificateArn"] for n in range(3)]
    judge.pages("acm", "ListCertificates", "CertificateSummaryList", 2)
    for _ in range(100):
        option = client.describe_certificate(CertificateArn=arns[0])["Certificate"]["DomainValidationOptions"][0]
        if "ResourceRecord" in option:
            break
    record = option["ResourceRecord"]
    where = zone.list_hosted_zones_by_name(DNSName="z1.test")["HostedZones"][0]["Id"]
    zone.change_resource_record_sets(HostedZoneId=where, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
        "Name": record["Name"], "Type": record["Type"], "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}}]})
    judge.wait("acm", "CertificateValidated", CertificateArn=arns[0])


def apigateway(judge):
    client = judge.client("apigateway")
    api = [client.create_rest_api(name=f"a{number}")["id"] for number in range(3)][0]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    for number in range(2):
        client.create_resource(restApiId=api, parentId=root, pathPart=f"p{number}")
    judge.pages("apigateway", "GetRestApis", "items", 2)
    judge.pages("apigateway", "GetResources", "items", 2, restApiId=api)
    judge.pages("apigateway", "GetDeployments", "items", None, 1, restApiId=api)
    for kind in ["DEFAULT_4XX", "DEFAULT_5XX"]:
        client.put_gateway_response(restApiId=api, responseType=kind)
    judge.pages("apigateway", "GetGatewayResponses", "items", None, 1, restApiId=api)
    certificate = judge.client("acm").list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"][0]
    client.create_domain_name(domainName="a0.z1.test", regionalCertificateArn=certificate["CertificateArn"],
                              endpointConfiguration={"types": ["REGIONAL"]})
    judge.pages("apigateway", "GetDomainNames", "items", None, 1)
    judge.pages("apigateway", "GetBasePathMappings", "items", None, 1, domainName="a0.z1.test")


PAGES_LEFT_OUT.update({
    "apigateway GetDeployments": "a deployment needs methods and functions behind it; walked over what is there",
    "apigateway GetGatewayResponses": "an API has one for each kind of refusal; walked over what is there",
    "apigateway GetDomainNames": "each name needs an issued certificate; walked over what is there",
    "apigateway GetBasePathMappings": "each mapping needs a deployed stage; walked over what is there",
})


def cloudwatch(judge):
    client = judge.client("cloudwatch")
    for number in range(3):
        client.put_metric_alarm(AlarmName=f"a{number}", MetricName="CPUUtilization", Namespace="AWS/RDS", Period=60,
                                EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", Statistic="Average")
    judge.wait("cloudwatch", "AlarmExists", AlarmNames=["a0"])
    judge.pages("cloudwatch", "DescribeAlarms", "MetricAlarms", 2)
    judge.pages("cloudwatch", "ListMetrics", "Metrics", None, 1)
    for name in ["d-one", "d-two"]:
        client.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": []}))
    judge.pages("cloudwatch", "ListDashboards", "DashboardEntries", None, 1)


PAGES_LEFT_OUT.update({
    "cloudwatch ListDashboards": "a page takes no size; walked over what is there",
    "codepipeline ListPipelines": "a pipeline needs a role, buckets and a template's worth of stages; walked by the module's checks",
    "codepipeline ListPipelineExecutions": "the same",
    "cloudwatch ListMetrics": "a page has 500 metrics and takes no size; walked over what is there",
    "cloudwatch GetMetricData": "a page has 100,800 values; walked by the guide's own panels",
})


def cloudcontrol(judge):
    client = judge.client("cloudcontrol")
    judge.pages("cloudcontrol", "ListResources", "ResourceDescriptions", 1, TypeName="AWS::S3::Bucket")
    token = client.delete_resource(TypeName="AWS::Logs::LogGroup", Identifier="p-one-two")["ProgressEvent"]["RequestToken"]
    judge.wait("cloudcontrol", "ResourceRequestSuccess", RequestToken=token)


def tagging(judge):
    judge.pages("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", 2)


def ecs(judge):
    client = judge.client("ecs")
    if judge.has("ecs", "CreateCluster"):
        for name in ["pages-1", "pages-2", "pages-3"]:
            client.create_cluster(clusterName=name)
    else:
        parts = "".join(f"  C{n}: {{Type: AWS::ECS::Cluster, Properties: {{ClusterName: pages-{n}}}}}\n" for n in (1, 2, 3))
        judge.client("cloudformation").create_stack(StackName="clusters", TemplateBody=f"Resources:\n{parts}")
        judge.wait("cloudformation", "StackCreateComplete", StackName="clusters")
    judge.pages("ecs", "ListClusters", "clusterArns", 2)
    judge.pages("ecs", "ListServices", "serviceArns", None, 1, cluster="pages-1")
    judge.pages("ecs", "ListTasks", "taskArns", None, 1, cluster="pages-1")


PAGES_LEFT_OUT.update({
    "ecs ListServices": "a service needs a network, a role and a task definition; walked over what is there",
    "ecs ListTasks": "a task needs a service; walked over what is there",
})
WAITERS_LEFT_OUT.update({
    f"ecs {name}": "a service needs a network, a role and a task definition; the guide's own deploy waits for one"
    for name in ["ServicesInactive", "ServicesStable", "TasksRunning", "TasksStopped"]
})


def functions(judge):
    judge.pages("lambda", "ListEventSourceMappings", "EventSourceMappings", 1, 1)


PAGES_LEFT_OUT["lambda ListEventSourceMappings"] = "a mapping needs a function and a stream; walked over what is there"


TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def iam(judge):
    client = judge.client("iam")
    for name in ["pages-1", "pages-2", "pages-3"]:
        client.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=[{"Key": k, "Value": "v"} for k in "abc"])
        judge.wait("iam", "RoleExists", RoleName=name)
        arn = client.create_policy(PolicyName=name, PolicyDocument=POLICY)["Policy"]["Arn"]
        judge.wait("iam", "PolicyExists", PolicyArn=arn)
        client.create_policy_version(PolicyArn=arn, PolicyDocument=POLICY)
        client.create_instance_profile(InstanceProfileName=name)
        judge.wait("iam", "InstanceProfileExists", InstanceProfileName=name)
        client.add_role_to_instance_profile(InstanceProfileName=name, RoleName="pages-1")
        client.attach_role_policy(RoleName="pages-1", PolicyArn=arn)
        client.attach_role_policy(RoleName=name, PolicyArn=arn)
        client.put_role_policy(RoleName="pages-1", PolicyName=name, PolicyDocument=POLICY)
    judge.pages("iam", "ListRoles", "Roles", 2)
    judge.pages("iam", "ListPolicies", "Policies", 2, Scope="Local")
    judge.pages("iam", "ListPolicyVersions", "Versions", 1, PolicyArn=arn)
    judge.pages("iam", "ListEntitiesForPolicy", "PolicyRoles", 1, PolicyArn=arn)
    judge.pages("iam", "ListAttachedRolePolicies", "AttachedPolicies", 2, RoleName="pages-1")
    judge.pages("iam", "ListRolePolicies", "PolicyNames", 2, RoleName="pages-1")
    judge.pages("iam", "ListRoleTags", "Tags", 2, RoleName="pages-1")
    judge.pages("iam", "ListInstanceProfiles", "InstanceProfiles", 2)
    judge.pages("iam", "ListInstanceProfilesForRole", "InstanceProfiles", 2, RoleName="pages-1")
    judge.pages("iam", "SimulatePrincipalPolicy", "EvaluationResults", 2,
                PolicySourceArn=client.get_role(RoleName="pages-1")["Role"]["Arn"],
                ActionNames=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
    judge.pages("iam", "ListAccountAliases", "AccountAliases", None, 0)


PAGES_LEFT_OUT["iam ListAccountAliases"] = "an account has one alias at most"


def logs(judge):
    client = judge.client("logs")
    for number in range(3):
        client.create_log_group(logGroupName=f"pages-{number}")
        client.create_log_stream(logGroupName="pages-0", logStreamName=f"s{number}")
        client.put_log_events(logGroupName="pages-0", logStreamName=f"s{number}", logEvents=[
            {"timestamp": 1767603600000 + n, "message": f"line {number} {n}"} for n in range(3)])
    judge.pages("logs", "DescribeLogGroups", "logGroups", 2, logGroupNamePrefix="pages-")
    judge.pages("logs", "DescribeLogStreams", "logStreams", 2, logGroupName="pages-0")
    judge.pages("logs", "FilterLogEvents", "events", 2, logGroupName="pages-0")


def ssm(judge):
    client = judge.client("ssm")
    for number in range(3):
        client.put_parameter(Name=f"/pages/{number}", Value="v", Type="String")
        client.put_parameter(Name="/pages/0", Value=f"v{number}", Type="String", Overwrite=True)
    judge.pages("ssm", "DescribeParameters", "Parameters", 2)
    judge.pages("ssm", "GetParametersByPath", "Parameters", 2, Path="/pages")
    judge.pages("ssm", "GetParameterHistory", "Parameters", 2, Name="/pages/0")


def scheduler(judge):
    client = judge.client("scheduler")
    role = judge.client("iam").create_role(RoleName="pages-clock", AssumeRolePolicyDocument=TRUST.replace("lambda.", "scheduler."))
    target = {"Arn": "arn:aws:lambda:eu-west-1:111122223333:function:f", "RoleArn": role["Role"]["Arn"]}
    for number in range(3):
        client.create_schedule(Name=f"pages-{number}", ScheduleExpression="rate(1 day)", Target=target,
                               FlexibleTimeWindow={"Mode": "OFF"})
    judge.pages("scheduler", "ListSchedules", "Schedules", 2)


def quotas(judge):
    judge.pages("service-quotas", "ListServices", "Services", 2)
    judge.pages("service-quotas", "ListServiceQuotas", "Quotas", 1, 1, ServiceCode="rds")
    judge.pages("service-quotas", "ListAWSDefaultServiceQuotas", "Quotas", 1, 1, ServiceCode="rds")


def organizations(judge):
    client = judge.client("organizations", "us-east-1")
    client.create_organization()
    root = client.list_roots()["Roots"][0]["Id"]
    for number in range(3):
        client.create_organizational_unit(ParentId=root, Name=f"pages-{number}")
        client.create_account(AccountName=f"pages-{number}", Email=f"pages-{number}@example.com")
    unit = client.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"][0]["Id"]
    judge.pages("organizations", "ListAccounts", "Accounts", 1, 1)
    judge.pages("organizations", "ListAccountsForParent", "Accounts", 1, 1, ParentId=root)
    judge.pages("organizations", "ListOrganizationalUnitsForParent", "OrganizationalUnits", 2, ParentId=root)
    judge.pages("organizations", "ListChildren", "Children", 2, ParentId=root, ChildType="ORGANIZATIONAL_UNIT")
    judge.pages("organizations", "ListParents", "Parents", None, 1, ChildId=unit)
    judge.pages("organizations", "ListRoots", "Roots", None, 1)


PAGES_LEFT_OUT.update({
    "organizations ListParents": "a unit has one parent",
    "organizations ListRoots": "an organization has one root",
    "organizations ListAccounts": "accounts take their time; walked over what is there",
    "organizations ListAccountsForParent": "accounts take their time; walked over what is there",
})


def elasticache(judge):
    judge.pages("elasticache", "DescribeCacheSubnetGroups", "CacheSubnetGroups", 20, 0)
    judge.pages("elasticache", "DescribeReplicationGroups", "ReplicationGroups", 20, 0)


PAGES_LEFT_OUT.update({
    "elasticache DescribeCacheSubnetGroups": "a page has at least 20, and each group needs subnets; walked over what is there",
    "elasticache DescribeReplicationGroups": "a page has at least 20, and each group needs subnets; walked over what is there",
})
WAITERS_LEFT_OUT.update({
    f"elasticache {name}": "a replication group needs a network; the guide's own deploy waits for one"
    for name in ["ReplicationGroupAvailable", "ReplicationGroupDeleted"]
})

PARTS = [cloudformation, s3, dynamodb, rds, route53, acm, apigateway, cloudwatch, cloudcontrol, tagging, ecs, functions, iam, logs,
         ssm, scheduler, quotas, organizations, elasticache]


def forgotten(judge):
    """Paginators and waiters that botocore has for simulated operations and that nobody looked at."""
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    for service, operations in sorted(judge.simulated.items()):
        try:
            pagers = loader.load_service_model(service, "paginators-1")["pagination"]
        except botocore.exceptions.UnknownServiceError:
            pagers = {}
        for operation in sorted(operations & set(pagers)):
            if f"{service} {operation}" not in judge.walked and f"{service} {operation}" not in PAGES_LEFT_OUT:
                judge.failures.append(f"nobody walks the pages of {service} {operation}")
        try:
            waiters = session.get_waiter_model(service)
        except botocore.exceptions.UnknownServiceError:
            continue
        for name in waiters.waiter_names:
            if waiters.get_waiter(name).operation in operations:
                if f"{service} {name}" not in judge.waited and f"{service} {name}" not in WAITERS_LEFT_OUT:
                    judge.failures.append(f"nobody waits with {service} {name}")


def main():
    with served.Sandbox(sys.argv[1:], 3000) as world:
        judge = Judge(world, world.simulated())
        for part in PARTS:
            judge.run(part)
        forgotten(judge)
    for failure in judge.failures:
        print(failure)
    for what, why in sorted({**PAGES_LEFT_OUT, **WAITERS_LEFT_OUT}.items()):
        print(f"left out: {what}: {why}")
    print(f"{len(judge.walked)} paginators walked, {len(judge.waited)} waiters ended, {len(judge.failures)} failures")
    sys.exit(1 if judge.failures else 0)


if __name__ == "__main__":
    main()
