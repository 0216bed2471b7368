#!/usr/bin/env python3
"""Cut the CloudFormation registry schemas that cfn-lint ships to what the sandbox's engine needs.

    pip download --no-deps cfn-lint==1.58.0 && unzip -d cfn-lint cfn_lint-*.whl
    python3 assets/cloudformation/cut.py cfn-lint

Writes `types.json.gz` beside this file: for each type below its properties (types, enumerations, required members),
attributes, read-only and create-only properties; and the names of all types, so that a type that AWS has but the
sandbox does not simulate is told apart from a misspelt one. The same cfn-lint gives the same bytes. Licence: see NOTICE.
"""

import gzip
import io
import json
import pathlib
import sys

PINNED = "1.58.0"

TYPES = """
ApiGateway: Account Authorizer BasePathMapping Deployment DomainName GatewayResponse Method Resource RestApi Stage
CertificateManager: Certificate
CloudFormation: CustomResource Stack WaitCondition WaitConditionHandle
CloudFront: Distribution OriginAccessControl
CloudWatch: Alarm Dashboard
CodePipeline: Pipeline
Cognito: IdentityPool IdentityPoolRoleAttachment UserPool UserPoolClient
DynamoDB: Table
EC2: EIP InternetGateway NatGateway Route RouteTable SecurityGroup SecurityGroupEgress SecurityGroupIngress Subnet SubnetRouteTableAssociation VPC VPCEndpoint VPCGatewayAttachment
ECS: Cluster Service TaskDefinition
ElastiCache: CacheCluster ReplicationGroup ServerlessCache SubnetGroup
ElasticLoadBalancingV2: Listener ListenerRule LoadBalancer TargetGroup
IAM: InstanceProfile ManagedPolicy Policy Role
KMS: Alias Key
Lambda: EventSourceMapping Function Permission Version
Logs: LogGroup
RDS: DBCluster DBClusterParameterGroup DBInstance DBSubnetGroup
Route53: HealthCheck HostedZone RecordSet
S3: Bucket BucketPolicy
SSM: Parameter
SecretsManager: Secret SecretTargetAttachment
"""

# Types that take properties of the user's own choice.
OPEN = {"AWS::CloudFormation::CustomResource"}

# Types whose conditional create-only properties always need a new resource (CloudFormation User Guide: KeySchema).
ALWAYS_REPLACED = {"AWS::DynamoDB::Table"}

# Types whose attributes are all their properties, not only the read-only ones (cfn-lint's schema/_getatts.py).
ALL_ARE_ATTRIBUTES = {
    "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::RDS::DBInstance",
}


def shape(schema):
    """One property: its type, its members, its enumeration. `map` is an object with keys of the user's choice."""
    if "$ref" in schema:
        return {"ref": schema["$ref"].rsplit("/", 1)[-1]}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        kinds = "json" if "object" in kinds else kinds[0]
    out = {}
    if kinds == "object" or (kinds is None and "properties" in schema):
        if schema.get("properties"):
            out["type"] = "object"
            out["properties"] = {name: shape(inner) for name, inner in sorted(schema["properties"].items())}
            if schema.get("required"):
                out["required"] = schema["required"]
        elif schema.get("patternProperties"):
            out["type"] = "map"
            out["items"] = shape(next(iter(schema["patternProperties"].values())))
        else:
            out["type"] = "json"
    elif kinds == "array":
        out["type"] = "array"
        if "items" in schema:
            out["items"] = shape(schema["items"])
    else:
        out["type"] = kinds or "json"
    if "enum" in schema and len(schema["enum"]) <= 40:
        out["enum"] = schema["enum"]
    return out


def dotted(pointers):
    return sorted(".".join(pointer.split("/")[2:]) for pointer in pointers)


def reachable(node, definitions, seen):
    if isinstance(node, dict):
        name = node.get("ref")
        if isinstance(name, str) and name in definitions and name not in seen:
            seen.add(name)
            reachable(definitions[name], definitions, seen)
        for inner in node.values():
            reachable(inner, definitions, seen)
    elif isinstance(node, list):
        for inner in node:
            reachable(inner, definitions, seen)


def cut(schema):
    definitions = {name: shape(inner) for name, inner in sorted(schema.get("definitions", {}).items())}
    properties = {name: shape(inner) for name, inner in sorted(schema["properties"].items())}
    seen = set()
    reachable(properties, definitions, seen)
    read_only = dotted(schema.get("readOnlyProperties", []))
    attributes = set(read_only)
    if schema["typeName"] in ALL_ARE_ATTRIBUTES:
        attributes |= set(properties)
    create_only = schema.get("createOnlyProperties", [])
    if schema["typeName"] in ALWAYS_REPLACED:
        create_only = create_only + schema.get("conditionalCreateOnlyProperties", [])
    opened = {"open": True} if schema["typeName"] in OPEN else {}
    return opened | {
        "properties": properties,
        "definitions": {name: inner for name, inner in definitions.items() if name in seen},
        "required": sorted(schema.get("required", [])),
        "read_only": read_only,
        "create_only": dotted(create_only),
        "attributes": sorted(attributes),
    }


def main():
    root = pathlib.Path(sys.argv[1]) / "cfnlint" / "data" / "schemas"
    if not (pathlib.Path(sys.argv[1]) / f"cfn_lint-{PINNED}.dist-info").exists():
        sys.exit(f"this cut is pinned to cfn-lint {PINNED}")
    index = json.loads((root / "providers" / "us-east-1.json").read_text())
    types = {}
    for line in TYPES.strip().splitlines():
        service, names = line.split(":")
        for name in names.split():
            key = f"AWS::{service}::{name}"
            types[key] = cut(json.loads((root / "resources" / f"{index[key]}.json").read_text()))
    date = json.loads((root / "version.json").read_text())["schema_date"][:10]
    everything = {"source": f"cfn-lint {PINNED}, schemas of {date}", "types": types, "known": sorted(index)}
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, compresslevel=9) as out:
        out.write(json.dumps(everything, separators=(",", ":")).encode())
    target = pathlib.Path(__file__).with_name("types.json.gz")
    target.write_bytes(packed.getvalue())
    print(f"{len(types)} types, {len(index)} names, {target.stat().st_size} bytes")


main()
