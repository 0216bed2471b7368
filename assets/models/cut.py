#!/usr/bin/env python3
"""Cut botocore's service descriptions to what the wire codec and the `aws …` command line need.

    pip install botocore==1.43.11 && python3 assets/models/cut.py

Writes `services.json.gz` beside this file: the operations listed below with the shapes they reach, without
documentation text, and their paginators and waiters. The same botocore gives the same bytes. See NOTICE for the licence.
"""

import gzip
import io
import json
import os
import sys

import botocore

PINNED = "1.43.11"
# Members beyond this many values are open-ended lists (instance types, storage classes to come): no help in an error.
MOST_ENUM_VALUES = 40

OPERATIONS = {
    "sts": "GetCallerIdentity AssumeRole GetSessionToken",
    "cloudformation": (
        "CreateStack UpdateStack DeleteStack DescribeStacks DescribeStackEvents DescribeStackResource "
        "DescribeStackResources ListStacks ListStackResources GetTemplate GetTemplateSummary ValidateTemplate "
        "CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet ListChangeSets ListExports "
        "UpdateTerminationProtection ContinueUpdateRollback CancelUpdateStack ListImports"
    ),
    "s3": (
        "CreateBucket DeleteBucket HeadBucket ListBuckets GetBucketLocation PutBucketVersioning "
        "GetBucketVersioning PutBucketReplication GetBucketReplication DeleteBucketReplication PutBucketTagging "
        "GetBucketTagging PutBucketPolicy GetBucketPolicy DeleteBucketPolicy PutPublicAccessBlock "
        "GetPublicAccessBlock PutBucketEncryption GetBucketEncryption PutObject GetObject HeadObject DeleteObject "
        "DeleteObjects CopyObject ListObjectsV2 ListObjects ListObjectVersions PutObjectTagging GetObjectTagging "
        "DeleteObjectTagging CreateMultipartUpload UploadPart UploadPartCopy ListParts CompleteMultipartUpload "
        "AbortMultipartUpload ListMultipartUploads"
    ),
    "dynamodb": (
        "CreateTable DescribeTable UpdateTable DeleteTable ListTables PutItem GetItem UpdateItem DeleteItem Query "
        "Scan BatchWriteItem BatchGetItem TransactWriteItems TagResource UntagResource ListTagsOfResource "
        "DescribeContinuousBackups DescribeTimeToLive UpdateTimeToLive DescribeLimits CreateGlobalTable "
        "TransactGetItems"
    ),
    "rds": (
        "CreateDBCluster DescribeDBClusters ModifyDBCluster DeleteDBCluster PromoteReadReplicaDBCluster "
        "CreateDBInstance DescribeDBInstances ModifyDBInstance DeleteDBInstance CreateDBSubnetGroup "
        "DescribeDBSubnetGroups DeleteDBSubnetGroup CreateDBClusterParameterGroup "
        "DescribeDBClusterParameterGroups DeleteDBClusterParameterGroup ModifyDBClusterParameterGroup "
        "DescribeDBClusterParameters DescribeDBClusterSnapshots DeleteDBClusterSnapshot AddTagsToResource "
        "RemoveTagsFromResource ListTagsForResource RebootDBInstance CreateGlobalCluster DescribeGlobalClusters "
        "ModifyGlobalCluster SwitchoverGlobalCluster FailoverGlobalCluster RemoveFromGlobalCluster DeleteGlobalCluster"
    ),
    "lambda": (
        "CreateEventSourceMapping GetEventSourceMapping ListEventSourceMappings UpdateEventSourceMapping "
        "DeleteEventSourceMapping"
    ),
    "dynamodbstreams": "ListStreams DescribeStream GetShardIterator GetRecords",
    "route53": (
        "CreateHostedZone GetHostedZone ListHostedZones ListHostedZonesByName DeleteHostedZone "
        "ChangeResourceRecordSets ListResourceRecordSets GetChange CreateHealthCheck GetHealthCheck "
        "ListHealthChecks UpdateHealthCheck DeleteHealthCheck GetHealthCheckStatus ChangeTagsForResource "
        "ListTagsForResource TestDNSAnswer"
    ),
    "acm": (
        "RequestCertificate DescribeCertificate ListCertificates DeleteCertificate AddTagsToCertificate "
        "ListTagsForCertificate"
    ),
    "apigateway": (
        "CreateDomainName GetDomainName GetDomainNames DeleteDomainName CreateBasePathMapping GetBasePathMapping "
        "GetBasePathMappings DeleteBasePathMapping GetRestApis GetRestApi GetResources GetStages GetStage "
        "CreateRestApi DeleteRestApi CreateResource PutMethod PutIntegration CreateDeployment GetDeployments "
        "DeleteStage TagResource PutGatewayResponse GetGatewayResponse GetGatewayResponses DeleteGatewayResponse"
    ),
    "ecs": (
        "DescribeServices UpdateService ListServices DescribeClusters ListClusters ListTasks DescribeTasks "
        "DescribeTaskDefinition"
    ),
    "cloudwatch": (
        "GetMetricData GetMetricStatistics ListMetrics DescribeAlarms PutMetricAlarm DeleteAlarms PutDashboard "
        "GetDashboard ListDashboards DeleteDashboards"
    ),
    "cloudcontrol": "ListResources GetResource DeleteResource GetResourceRequestStatus",
    "resourcegroupstaggingapi": "GetResources",
    "organizations": (
        "CreateOrganization DescribeOrganization DeleteOrganization ListRoots CreateOrganizationalUnit "
        "DescribeOrganizationalUnit DeleteOrganizationalUnit ListOrganizationalUnitsForParent ListAccounts "
        "ListAccountsForParent ListParents ListChildren DescribeAccount CreateAccount DescribeCreateAccountStatus "
        "MoveAccount CloseAccount"
    ),
    "service-quotas": (
        "ListServices ListServiceQuotas GetServiceQuota GetAWSDefaultServiceQuota ListAWSDefaultServiceQuotas "
        "RequestServiceQuotaIncrease GetRequestedServiceQuotaChange"
    ),
    "iam": (
        "CreateRole GetRole ListRoles DeleteRole UpdateAssumeRolePolicy UpdateRole PutRolePolicy GetRolePolicy "
        "ListRolePolicies DeleteRolePolicy AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies TagRole "
        "UntagRole ListRoleTags CreatePolicy GetPolicy ListPolicies DeletePolicy CreatePolicyVersion "
        "GetPolicyVersion ListPolicyVersions DeletePolicyVersion SetDefaultPolicyVersion ListEntitiesForPolicy "
        "CreateInstanceProfile GetInstanceProfile ListInstanceProfiles DeleteInstanceProfile "
        "AddRoleToInstanceProfile RemoveRoleFromInstanceProfile ListInstanceProfilesForRole "
        "SimulatePrincipalPolicy CreateAccountAlias ListAccountAliases DeleteAccountAlias"
    ),
    "ssm": (
        "PutParameter GetParameter GetParameters GetParametersByPath GetParameterHistory DescribeParameters "
        "DeleteParameter DeleteParameters AddTagsToResource ListTagsForResource"
    ),
    "logs": (
        "CreateLogGroup DeleteLogGroup DescribeLogGroups PutRetentionPolicy DeleteRetentionPolicy CreateLogStream "
        "DeleteLogStream DescribeLogStreams PutLogEvents GetLogEvents FilterLogEvents TagResource "
        "ListTagsForResource"
    ),
    "scheduler": "CreateSchedule GetSchedule UpdateSchedule DeleteSchedule ListSchedules",
    "kms": "CreateKey DescribeKey ScheduleKeyDeletion EnableKeyRotation CreateAlias DeleteAlias",
    "cognito-idp": (
        "CreateUserPool DescribeUserPool DeleteUserPool CreateUserPoolClient DescribeUserPoolClient "
        "DeleteUserPoolClient CreateUserPoolDomain DescribeUserPoolDomain DeleteUserPoolDomain SignUp ConfirmSignUp "
        "AdminConfirmSignUp AdminGetUser GetUser InitiateAuth"
    ),
    "cognito-identity": (
        "CreateIdentityPool DescribeIdentityPool DeleteIdentityPool SetIdentityPoolRoles GetIdentityPoolRoles GetId "
        "GetCredentialsForIdentity"
    ),
    "elasticache": (
        "CreateReplicationGroup DescribeReplicationGroups DeleteReplicationGroup CreateCacheSubnetGroup "
        "DescribeCacheSubnetGroups DeleteCacheSubnetGroup"
    ),
    "codepipeline": (
        "CreatePipeline UpdatePipeline DeletePipeline GetPipeline ListPipelines GetPipelineState "
        "StartPipelineExecution GetPipelineExecution ListPipelineExecutions DisableStageTransition "
        "EnableStageTransition"
    ),
    "ec2": "DescribeNetworkInterfaces",
}

METADATA = (
    "apiVersion endpointPrefix globalEndpoint jsonVersion protocol protocols serviceId signingName targetPrefix "
    "xmlNamespace awsQueryCompatible"
).split()
MEMBER_TRAITS = "location locationName queryName flattened streaming timestampFormat idempotencyToken xmlNamespace".split()
SHAPE_TRAITS = "type payload flattened timestampFormat document".split()
# Read elsewhere in this file, or of no meaning on the wire. A trait in no list stops the cut: the codec would not know it.
OTHER_TRAITS = (
    "shape members member key value required enum error exception fault synthetic documentation contextParam box "
    "sensitive min max pattern deprecated deprecatedMessage deprecatedSince union wrapper resultWrapper xmlOrder "
    "retryable"
).split()


def read(service, name):
    """The newest version's file `name` of a service, merged with botocore's own extras; {} when there is none."""
    root = os.path.join(os.path.dirname(botocore.__file__), "data", service)
    folder = os.path.join(root, sorted(os.listdir(root))[-1])
    found = {}
    for path, opener in ((name + ".json.gz", gzip.open), (name + ".json", open)):
        path = os.path.join(folder, path)
        if os.path.exists(path):
            with opener(path, "rb") as file:
                found = json.load(file)
    extras = os.path.join(folder, name + ".sdk-extras.json")
    if os.path.exists(extras):
        with open(extras, "rb") as file:
            merge(found, json.load(file)["merge"])
    return found


def merge(into, extra):
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def namespace(value):
    """xmlNamespace is {"uri", "prefix"} or text; the wire needs the uri, and the prefix where there is one."""
    return {"uri": value} if isinstance(value, str) else value


# Where the AWS CLI's customisations rename a flag: (service, operation, member) -> flag. The rest is botocore's rule.
CLI_FLAGS = {
    ("apigateway", "CreateRestApi", "version"): "api-version",
}


class Cutter:
    """Copies a service's shapes as they are reached, numbering them in that order."""

    def __init__(self, key, model):
        self.key = key
        self.model = model
        self.numbers = {}
        self.shapes = []

    def known(self, traits, where):
        for trait in traits:
            if trait not in MEMBER_TRAITS and trait not in SHAPE_TRAITS and trait not in OTHER_TRAITS:
                sys.exit(f"{self.key}: {where} has the trait {trait}, which the codec does not know")

    def reference(self, ref):
        self.known(ref, ref["shape"])
        cut = {"shape": self.shape(ref["shape"])}
        for trait in MEMBER_TRAITS:
            if trait in ref:
                cut[trait] = namespace(ref[trait]) if trait == "xmlNamespace" else ref[trait]
        # A name that stands with the shape itself holds wherever the shape is used without another one.
        own = self.model["shapes"][ref["shape"]].get("locationName")
        if own:
            cut.setdefault("locationName", own)
        return cut

    def shape(self, name):
        if name in self.numbers:
            return self.numbers[name]
        number = self.numbers[name] = len(self.shapes)
        cut = {"name": name}
        self.shapes.append(cut)
        shape = self.model["shapes"][name]
        self.known(shape, name)
        for trait in SHAPE_TRAITS:
            if trait in shape:
                cut[trait] = namespace(shape[trait]) if trait == "xmlNamespace" else shape[trait]
        if "enum" in shape and len(shape["enum"]) <= MOST_ENUM_VALUES:
            cut["enum"] = shape["enum"]
        if shape.get("exception"):
            error = shape.get("error", {})
            cut["error"] = {"code": error.get("code", name), "status": error.get("httpStatusCode", 400)}
            if shape.get("fault") and "httpStatusCode" not in error:
                cut["error"]["status"] = 500
        if shape["type"] == "structure":
            required = set(shape.get("required", []))
            cut["members"] = []
            for member, ref in shape["members"].items():
                entry = {"name": member, **self.reference(ref)}
                if member in required:
                    entry["required"] = True
                cut["members"].append(entry)
        for part in ("member", "key", "value"):
            if part in shape:
                cut[part] = self.reference(shape[part])
        return number


def operation(cutter, name):
    source = cutter.model["operations"][name]
    cut = {
        "name": name,
        "cli": botocore.xform_name(name, "-"),
        "method": source["http"]["method"],
        "uri": source["http"]["requestUri"],
    }
    if source.get("authtype") == "none" or source.get("auth") == ["smithy.api#noAuth"]:
        cut["unsigned"] = True
    if source["http"].get("responseCode", 200) != 200:
        cut["status"] = source["http"]["responseCode"]
    for side in ("input", "output"):
        if side in source:
            cut[side] = cutter.reference(source[side])
            if "resultWrapper" in source[side]:
                cut["resultWrapper"] = source[side]["resultWrapper"]
    if "input" in source:
        # The flags are the input's members; the cut shape is the operation's own, so the flag can stand in it.
        for member in cutter.shapes[cut["input"]["shape"]]["members"]:
            member["flag"] = CLI_FLAGS.get(
                (cutter.key, name, member["name"]), botocore.xform_name(member["name"], "-")
            )
    cut["errors"] = [cutter.shape(error["shape"]) for error in source.get("errors", [])]
    return cut


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def service(key, names):
    model = read(key, "service-2")
    cutter = Cutter(key, model)
    cut = {"key": key, "metadata": {k: model["metadata"][k] for k in METADATA if k in model["metadata"]}}
    if isinstance(cut["metadata"].get("awsQueryCompatible"), dict):
        cut["metadata"]["awsQueryCompatible"] = True
    cut["operations"] = [operation(cutter, name) for name in sorted(names.split())]
    cut["shapes"] = cutter.shapes
    kept = set(names.split())
    cut["paginators"] = [
        {
            "operation": name,
            "inputToken": listed(spec.get("input_token")),
            "outputToken": listed(spec.get("output_token")),
            "resultKey": listed(spec.get("result_key")),
            "moreResults": spec.get("more_results"),
            "limitKey": spec.get("limit_key"),
            "nonAggregateKeys": spec.get("non_aggregate_keys", []),
        }
        for name, spec in sorted(read(key, "paginators-1").get("pagination", {}).items())
        if name in kept
    ]
    cut["waiters"] = [
        {
            "name": name,
            "cli": botocore.xform_name(name, "-"),
            "operation": spec["operation"],
            "delay": spec["delay"],
            "maxAttempts": spec["maxAttempts"],
            "acceptors": [
                {k: acceptor[k] for k in ("state", "matcher", "argument", "expected") if k in acceptor}
                for acceptor in spec["acceptors"]
            ],
        }
        for name, spec in sorted(read(key, "waiters-2").get("waiters", {}).items())
        if spec["operation"] in kept
    ]
    return cut


def main():
    if botocore.__version__ != PINNED:
        sys.exit(f"botocore {botocore.__version__} is installed; the models are cut from {PINNED}")
    cut = {
        "source": f"botocore {botocore.__version__}",
        "services": [service(key, names) for key, names in OPERATIONS.items()],
    }
    text = json.dumps(cut, separators=(",", ":"), ensure_ascii=True).encode()
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(text)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "services.json.gz"), "wb") as file:
        file.write(packed.getvalue())
    count = sum(len(s["operations"]) for s in cut["services"])
    print(f"{count} operations, {len(text)} bytes, {len(packed.getvalue())} compressed")


if __name__ == "__main__":
    main()
