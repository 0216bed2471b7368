#!/usr/bin/env python3
"""Run the commands of the original workshop documents with the real AWS CLI against `workshop sandbox serve`.

    pip install awscli==1.45.11 boto3==1.43.11 && python3 tests/judges/seeds.py [path of the workshop binary]

Twice, in two Regions. Modernised (aurora-mysql, on-demand tables, `update-table --replica-updates`), every command must
succeed and every waiter end. Verbatim, each must answer as AWS documents today: the engine `aurora` is retired,
`create-global-table` (2017.11.29) has preconditions, and a provisioned table without auto scaling gets no replica.
Ends with 1 and the list of surprises when one answers otherwise.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile

import boto3
import served

R1, R2 = "eu-central-1", "us-west-2"
ACCOUNT = "111122223333"

# The stack of `cloudformation deploy`: in the manner of the document's core.yml, with a named role and a parameter.
CORE = """
Parameters:
  IsDrRegion: {Type: String, AllowedValues: ['true', 'false'], Default: 'false'}
  ArtifactBucket: {Type: String}
Conditions:
  Dr: !Equals [!Ref IsDrRegion, 'true']
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub best-sellers-${AWS::Region}
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: [lambda.amazonaws.com, s3.amazonaws.com]}, Action: 'sts:AssumeRole'}
      Policies:
        - PolicyName: all
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: ['dynamodb:*', 's3:*', 'logs:*'], Resource: '*'}
  UpdateBestSellers:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: teres-UpdateBestSellers
      Runtime: nodejs22.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref ArtifactBucket, S3Key: update.zip}
Outputs:
  RoleArn: {Value: !GetAtt Role.Arn}
  Kind: {Value: !If [Dr, secondary, primary]}
"""


class Seeds:
    """The commands, and what came of each."""

    def __init__(self, sandbox, folder):
        self.sandbox, self.folder, self.ran, self.surprises = sandbox, folder, 0, []

    def cli(self, command, expect=None, region=None):
        """One AWS CLI command. `expect` is the code of the error that must come; nothing means success."""
        self.ran += 1
        words = command.split() + (["--region", region] if region else [])
        done = subprocess.run(["aws", *words], env={**self.sandbox.environment, "AWS_DEFAULT_REGION": R1},
                              cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        if expect is None and done.returncode != 0:
            self.surprises.append(f"aws {' '.join(words)}: {done.stderr.strip()}")
        if expect is not None and (done.returncode == 0 or f"({expect})" not in done.stderr):
            self.surprises.append(f"aws {' '.join(words)}: expected {expect}, got {done.stdout or done.stderr.strip()}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {}

    def expect(self, what, seen, wanted):
        if seen != wanted:
            self.surprises.append(f"{what}: {seen!r} instead of {wanted!r}")

    def wait(self, service, waiter, region, **parameters):
        """A boto3 waiter with short polls: the CLI's own wait 30 s of real time between two."""
        self.ran += 1
        try:
            client = self.sandbox.client(service, region)
            client.get_waiter(waiter).wait(**parameters, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        except boto3.exceptions.botocore.exceptions.WaiterError as error:
            self.surprises.append(f"wait {waiter} {parameters}: {error}")

    def file(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)

    def deploy(self, region, dr):
        bucket = f"mm-artifacts-{region}"
        self.cli(f"s3 mb s3://{bucket}", region=region)
        self.cli(f"s3 cp update.zip s3://{bucket}/update.zip", region=region)
        self.cli("cloudformation deploy --stack-name mm-region --template-file core.yml --capabilities"
                 f" CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND --parameter-overrides IsDrRegion={dr} ArtifactBucket={bucket}",
                 region=region)
        stack = self.cli("cloudformation describe-stacks --stack-name mm-region", region=region)
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Stacks", [{}])[0].get("Outputs", [])}
        self.expect(f"parameter override in {region}", outputs.get("Kind"), "secondary" if dr == "true" else "primary")
        return outputs.get("RoleArn", "none")

    def stacks(self):
        self.file("core.yml", CORE)
        with zipfile.ZipFile(os.path.join(self.folder, "update.zip"), "w") as archive:
            archive.writestr("index.mjs", "export const handler = async () => ({});")
        self.cli("cloudformation deploy --stack-name refused --template-file core.yml --parameter-overrides"
                 " ArtifactBucket=none",
                 expect="InsufficientCapabilitiesException", region=R2)
        self.role = self.deploy(R1, "false")
        self.deploy(R2, "true")

    def aurora(self):
        """rds create-db-cluster with a replication source, and an instance in it."""
        make = "rds create-db-cluster --master-username admin --master-user-password books-and-more"
        group = "--db-cluster-parameter-group-name binlog"
        self.cli(f"rds create-db-cluster-parameter-group {group} --db-parameter-group-family aurora-mysql8.0"
                 " --description binlog", region=R1)
        self.cli(f"rds modify-db-cluster-parameter-group {group} --parameters"
                 " ParameterName=binlog_format,ParameterValue=MIXED,ApplyMethod=pending-reboot", region=R1)
        made = self.cli(f"{make} --db-cluster-identifier sample-cluster --engine aurora-mysql"
                        f" --db-cluster-parameter-group-name binlog", region=R1)
        arn = made.get("DBCluster", {}).get("DBClusterArn", "none")
        self.cli("rds create-db-instance --db-instance-identifier writer --db-cluster-identifier sample-cluster"
                 " --db-instance-class db.t3.medium --engine aurora-mysql", region=R1)
        self.wait("rds", "db_cluster_available", R1, DBClusterIdentifier="sample-cluster")
        self.wait("rds", "db_instance_available", R1, DBInstanceIdentifier="writer")
        replica = "rds create-db-cluster --db-cluster-identifier sample-replica-cluster"
        self.cli(f"{replica} --engine aurora --replication-source-identifier {arn}",
                 expect="InvalidParameterValue", region=R2)
        self.cli("rds describe-db-clusters --db-cluster-identifier sample-replica-cluster",
                 expect="DBClusterNotFoundFault", region=R2)
        self.cli("rds create-db-instance --db-instance-identifier test-instance --db-cluster-identifier"
                 " sample-replica-cluster --db-instance-class db.t3.small --engine aurora",
                 expect="DBClusterNotFoundFault", region=R2)
        # With --source-region the CLI makes the pre-signed address itself.
        self.cli(f"{replica} --engine aurora-mysql --replication-source-identifier {arn} --source-region {R1}", region=R2)
        self.cli("rds create-db-instance --db-instance-identifier test-instance --db-cluster-identifier"
                 " sample-replica-cluster --db-instance-class db.t3.small --engine aurora-mysql",
                 expect="InvalidParameterCombination", region=R2)
        self.cli("rds create-db-instance --db-instance-identifier test-instance --db-cluster-identifier"
                 " sample-replica-cluster --db-instance-class db.t3.medium --engine aurora-mysql", region=R2)
        self.wait("rds", "db_cluster_available", R2, DBClusterIdentifier="sample-replica-cluster")
        self.wait("rds", "db_instance_available", R2, DBInstanceIdentifier="test-instance")
        self.cli("rds wait db-cluster-available --db-cluster-identifier sample-replica-cluster", region=R2)
        seen = self.cli("rds describe-db-clusters --db-cluster-identifier sample-replica-cluster", region=R2)
        self.expect("the replica's source", seen.get("DBClusters", [{}])[0].get("ReplicationSourceIdentifier"), arn)

    def s3(self):
        """create-bucket, put-bucket-versioning, put-bucket-replication with replication.json, and a copy that arrives."""
        for bucket, region in (("teres-assets-r1", R1), ("teres-assets-r2", R2)):
            self.cli(f"s3api create-bucket --bucket {bucket} --create-bucket-configuration LocationConstraint={region}",
                     region=region)
            self.wait("s3", "bucket_exists", region, Bucket=bucket)
        self.file("replication.json", json.dumps({"Role": self.role, "Rules": [{
            "Status": "Enabled", "Priority": 1, "DeleteMarkerReplication": {"Status": "Disabled"},
            "Filter": {"Prefix": ""}, "Destination": {"Bucket": "arn:aws:s3:::teres-assets-r2"}}]}))
        put = "s3api put-bucket-replication --replication-configuration file://replication.json --bucket teres-assets-r1"
        self.cli(put, expect="InvalidRequest")
        # As in the document, without --region: the CLI follows the bucket to its Region.
        self.cli("s3api put-bucket-versioning --bucket teres-assets-r2 --versioning-configuration Status=Enabled")
        self.cli(put, expect="InvalidRequest")
        self.cli("s3api put-bucket-versioning --bucket teres-assets-r1 --versioning-configuration Status=Enabled")
        self.cli(put)
        self.file("cover.svg", "<svg/>")
        self.cli("s3 cp cover.svg s3://teres-assets-r1/covers/cover.svg")
        self.wait("s3", "object_exists", R2, Bucket="teres-assets-r2", Key="covers/cover.svg")
        self.cli(f"s3 rm s3://teres-assets-r1/covers/cover.svg")
        seen = self.cli("s3api head-object --bucket teres-assets-r2 --key covers/cover.svg", region=R2)
        self.expect("what a replica says of itself", seen.get("ReplicationStatus"), "REPLICA")

    def dynamodb(self):
        """create-table with a stream; its replicas, the documented way, the refused way and today's way."""
        table = ("--table-name teres-{} --attribute-definitions AttributeName=customerId,AttributeType=S"
                 " AttributeName=bookId,AttributeType=S --key-schema AttributeName=customerId,KeyType=HASH"
                 " AttributeName=bookId,KeyType=RANGE --stream-specification"
                 " StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES")
        units = " --provisioned-throughput ReadCapacityUnits=1,WriteCapacityUnits=1"
        replica = "dynamodb update-table --table-name teres-{} --replica-updates"
        self.cli("dynamodb create-table " + table.format("Cart") + units, region=R1)
        self.cli("dynamodb create-table " + table.format("Orders") + " --billing-mode PAY_PER_REQUEST", region=R1)
        for name in ("teres-Cart", "teres-Orders"):
            self.wait("dynamodb", "table_exists", R1, TableName=name)
        # The document runs it in the second Region, where no table of that name was made.
        self.cli("dynamodb create-global-table --global-table-name teres-Cart --replication-group"
                 f" RegionName={R2} RegionName={R1}", expect="TableNotFoundException", region=R2)
        add = " Create={RegionName=" + R2 + "}"
        self.cli(replica.format("Cart") + add, expect="ValidationException", region=R1)
        self.cli(replica.format("Orders") + add, region=R1)
        self.wait("dynamodb", "table_exists", R2, TableName="teres-Orders")
        self.wait("dynamodb", "table_exists", R1, TableName="teres-Orders")
        self.cli("dynamodb wait table-exists --table-name teres-Orders", region=R2)
        seen = self.cli("dynamodb describe-table --table-name teres-Orders", region=R1).get("Table", {})
        self.expect("the replicas", [(r["RegionName"], r["ReplicaStatus"]) for r in seen.get("Replicas", [])],
                    [(R2, "ACTIVE")])
        self.streams = {R1: seen.get("LatestStreamArn", "none"),
                        R2: self.cli("dynamodb describe-table --table-name teres-Orders", region=R2)
                        .get("Table", {}).get("LatestStreamArn", "none")}

    def mappings(self):
        """lambda create-event-source-mapping, in both Regions on the Region's own stream."""
        make = ("lambda create-event-source-mapping --function-name teres-UpdateBestSellers --batch-size 1"
                " --starting-position LATEST --event-source-arn ")
        old = "arn:aws:dynamodb:eu-central-1:376715876263:table/teres-Orders/stream/2019-10-08T17:06:59.789"
        self.cli(make + old, expect="InvalidParameterValueException", region=R1)
        for region, stream in self.streams.items():
            made = self.cli(make + stream, region=region)
            self.cli(make + stream, expect="ResourceConflictException", region=region)
            uuid = made.get("UUID", "none")
            for _ in range(20):
                state = self.cli(f"lambda get-event-source-mapping --uuid {uuid}", region=region).get("State")
                if state != "Creating":
                    break
            self.expect(f"the mapping in {region}", state, "Enabled")


def main():
    with served.Sandbox(sys.argv[1:], speed=2000) as sandbox, tempfile.TemporaryDirectory() as folder:
        seeds = Seeds(sandbox, folder)
        for part in (seeds.stacks, seeds.aurora, seeds.s3, seeds.dynamodb, seeds.mappings):
            part()
    for surprise in seeds.surprises:
        print(surprise)
    print(f"{seeds.ran} commands of the original documents, {len(seeds.surprises)} surprises")
    sys.exit(1 if seeds.surprises else 0)


if __name__ == "__main__":
    main()
