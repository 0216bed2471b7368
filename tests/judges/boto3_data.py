#!/usr/bin/env python3
"""Use S3, DynamoDB and their streams as programs do: through boto3's resources, paginators and transfers.

    pip install boto3==1.43.11 && python3 tests/judges/boto3_data.py [path of the workshop binary]

boto3 is the judge twice over: its parsers and checksums must take every answer, and what it reads must be what AWS's
documentation says. Ends with 1 and the list of what differs.
"""

import io
import sys
import time
import traceback
import urllib.request
from decimal import Decimal

import served
from boto3.dynamodb.conditions import Attr, Key
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

R1, R2 = "eu-west-1", "ap-southeast-1"
MIB = 1024 * 1024


class Judge:
    """What was expected, and what came."""

    def __init__(self, sandbox):
        self.sandbox, self.checks, self.differences = sandbox, 0, []

    def same(self, what, seen, wanted):
        self.checks += 1
        if seen != wanted:
            self.differences.append(f"{what}: {seen!r} instead of {wanted!r}")

    def refused(self, what, code, act):
        """The error that must come. Returns its response."""
        self.checks += 1
        try:
            act()
        except ClientError as error:
            if error.response["Error"]["Code"] != code:
                self.differences.append(f"{what}: {error} instead of {code}")
            return error.response
        self.differences.append(f"{what}: succeeded instead of {code}")
        return {"Error": {}}


def objects(judge):
    """Copies, ranges, conditions, presigned addresses, tags, listings."""
    s3, client = judge.sandbox.resource("s3", R1), judge.sandbox.client("s3", R1)
    bucket = s3.create_bucket(Bucket="judge-objects", CreateBucketConfiguration={"LocationConstraint": R1})
    bucket.wait_until_exists()
    put = bucket.put_object(Key="a/one", Body=b"0123456789", ContentType="text/plain", Metadata={"shelf": "7"},
                            Tagging="kind=book&price=1%2F2")
    first = bucket.Object("a/one")
    judge.same("metadata", (first.content_type, first.metadata, first.content_length), ("text/plain", {"shelf": "7"}, 10))
    for given, wanted in (("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-3", b"789"), ("bytes=8-99", b"89"),
                          ("bytes=4-2", b"0123456789")):
        got = first.get(Range=given)
        judge.same(f"range {given}", got["Body"].read(), wanted)
        status = 206 if len(wanted) < 10 else 200
        judge.same(f"status of {given}", got["ResponseMetadata"]["HTTPStatusCode"], status)
    judge.refused("a range behind the end", "InvalidRange", lambda: first.get(Range="bytes=10-"))
    etag = put.e_tag
    judge.refused("If-Match", "PreconditionFailed", lambda: first.get(IfMatch='"other"'))
    judge.refused("If-None-Match", "304", lambda: first.get(IfNoneMatch=etag))
    judge.refused("If-Modified-Since", "304", lambda: first.get(IfModifiedSince=first.last_modified))
    judge.refused("a second first write", "PreconditionFailed",
                  lambda: bucket.put_object(Key="a/one", Body=b"x", IfNoneMatch="*"))
    judge.refused("a write over another state", "PreconditionFailed",
                  lambda: bucket.put_object(Key="a/one", Body=b"x", IfMatch='"other"'))
    judge.refused("a write over nothing", "NoSuchKey", lambda: bucket.put_object(Key="none", Body=b"x", IfMatch=etag))
    judge.refused("a wrong checksum", "BadDigest",
                  lambda: client.put_object(Bucket=bucket.name, Key="x", Body=b"x", ChecksumSHA256="A" * 43 + "="))
    client.put_object(Bucket=bucket.name, Key="sum", Body=b"x", ChecksumAlgorithm="SHA1")
    told = client.head_object(Bucket=bucket.name, Key="sum", ChecksumMode="ENABLED")
    judge.same("the kept checksum", (told.get("ChecksumSHA1"), told.get("ChecksumType")),
               ("EfatjsUqKYSrqv18O1FlA3hcIHI=", "FULL_OBJECT"))
    bucket.Object("b/with space+ü").copy_from(CopySource={"Bucket": bucket.name, "Key": "a/one"})
    copied = bucket.Object("b/with space+ü")
    judge.same("a copy", (copied.get()["Body"].read(), copied.metadata), (b"0123456789", {"shelf": "7"}))
    judge.refused("a copy onto itself", "InvalidRequest",
                  lambda: first.copy_from(CopySource={"Bucket": bucket.name, "Key": "a/one"}))
    first.copy_from(CopySource={"Bucket": bucket.name, "Key": "a/one"}, MetadataDirective="REPLACE", Metadata={"new": "1"})
    judge.same("a copy with other metadata", bucket.Object("a/one").metadata, {"new": "1"})
    judge.refused("a copy of another state", "PreconditionFailed", lambda: bucket.Object("c").copy_from(
        CopySource={"Bucket": bucket.name, "Key": "a/one"}, CopySourceIfMatch='"other"'))
    tags = client.get_object_tagging(Bucket=bucket.name, Key="a/one")["TagSet"]
    judge.same("tags", sorted((t["Key"], t["Value"]) for t in tags), [("kind", "book"), ("price", "1/2")])
    client.put_object_tagging(Bucket=bucket.name, Key="a/one", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    judge.same("the number of tags", client.get_object(Bucket=bucket.name, Key="a/one").get("TagCount"), 1)
    client.delete_object_tagging(Bucket=bucket.name, Key="a/one")
    judge.same("no tags", client.get_object_tagging(Bucket=bucket.name, Key="a/one")["TagSet"], [])
    eleven = [{"Key": str(n), "Value": ""} for n in range(11)]
    judge.refused("eleven tags", "BadRequest", lambda: client.put_object_tagging(
        Bucket=bucket.name, Key="a/one", Tagging={"TagSet": eleven}))
    for n in range(12):
        bucket.put_object(Key=f"list/{n % 3}/{n:02}", Body=b"")
    for api in ("list_objects", "list_objects_v2"):
        pages = list(client.get_paginator(api).paginate(Bucket=bucket.name, Prefix="list/", PaginationConfig={"PageSize": 5}))
        keys = [o["Key"] for page in pages for o in page.get("Contents", [])]
        judge.same(f"{api}: pages and keys", (len(pages), len(keys), keys == sorted(keys)), (3, 12, True))
        rolled = client.get_paginator(api).paginate(Bucket=bucket.name, Prefix="list/", Delimiter="/",
                                                    PaginationConfig={"PageSize": 2})
        prefixes = [p["Prefix"] for page in rolled for p in page.get("CommonPrefixes", [])]
        judge.same(f"{api}: prefixes", prefixes, ["list/0/", "list/1/", "list/2/"])
    # Signed as version 4 does; a signature of version 2 names neither service nor Region.
    client = judge.sandbox.client("s3", R1, signature_version="s3v4")
    address = client.generate_presigned_url("get_object", {"Bucket": bucket.name, "Key": "b/with space+ü"})
    judge.same("a presigned read", urllib.request.urlopen(address, timeout=10).read(), b"0123456789")
    address = client.generate_presigned_url("put_object", {"Bucket": bucket.name, "Key": "signed"})
    request = urllib.request.Request(address, data=b"through the door", method="PUT")
    request.add_header("Content-Type", "")
    urllib.request.urlopen(request, timeout=10).read()
    judge.same("a presigned write", bucket.Object("signed").get()["Body"].read(), b"through the door")
    done = bucket.objects.all().delete()
    judge.same("everything deleted", sum(len(page.get("Deleted", [])) for page in done), 16)
    bucket.delete()


def versions(judge):
    """Versions, delete markers, and their deletion."""
    s3, client = judge.sandbox.resource("s3", R1), judge.sandbox.client("s3", R1)
    bucket = s3.create_bucket(Bucket="judge-versions", CreateBucketConfiguration={"LocationConstraint": R1})
    bucket.Versioning().enable()
    ids = [bucket.put_object(Key="k", Body=str(n).encode()).version_id for n in range(3)]
    judge.same("an old version", bucket.Object("k").get(VersionId=ids[0])["Body"].read(), b"0")
    marker = bucket.Object("k").delete()
    judge.same("a delete makes a marker", marker.get("DeleteMarker"), True)
    gone = judge.refused("what is marked deleted", "NoSuchKey", lambda: bucket.Object("k").get())
    judge.same("the header that tells of the marker",
               gone.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-delete-marker"), "true")
    judge.refused("a read of the marker", "MethodNotAllowed",
                  lambda: bucket.Object("k").get(VersionId=marker["VersionId"]))
    judge.refused("a version that never was", "NoSuchVersion", lambda: bucket.Object("k").get(VersionId=ids[0][::-1]))
    pages = list(client.get_paginator("list_object_versions").paginate(Bucket=bucket.name, PaginationConfig={"PageSize": 2}))
    found = [v["VersionId"] for page in pages for v in page.get("Versions", [])]
    latest = [m["IsLatest"] for page in pages for m in page.get("DeleteMarkers", [])]
    judge.same("versions over pages", (len(pages), found, latest), (2, ids[::-1], [True]))
    bucket.Object("k").delete(VersionId=marker["VersionId"])
    judge.same("without its marker it is back", bucket.Object("k").get()["Body"].read(), b"2")
    client.delete_object(Bucket=bucket.name, Key="k", VersionId=ids[2])
    judge.same("the version before it", bucket.Object("k").get()["Body"].read(), b"1")
    bucket.Versioning().suspend()
    judge.same("suspended", bucket.put_object(Key="k", Body=b"null").version_id, "null")
    judge.refused("a bucket with versions", "BucketNotEmpty", bucket.delete)
    answer = client.delete_objects(Bucket=bucket.name, Delete={"Objects": [
        {"Key": "k", "VersionId": ids[0]}, {"Key": "k", "VersionId": ids[1]}, {"Key": "k", "VersionId": "null"},
        {"Key": "never"}], "Quiet": False})
    judge.same("what delete_objects tells", len(answer["Deleted"]), 4)
    bucket.object_versions.all().delete()
    bucket.delete()
    judge.refused("a bucket that is gone", "NoSuchBucket", lambda: list(bucket.objects.all()))


def multipart(judge):
    """Uploads in parts: by boto3's transfer manager, and by hand with their mistakes."""
    s3, client = judge.sandbox.resource("s3", R1), judge.sandbox.client("s3", R1)
    bucket = s3.create_bucket(Bucket="judge-parts", CreateBucketConfiguration={"LocationConstraint": R1})
    body = bytes(range(256)) * 4096 * 11
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=2)
    bucket.upload_fileobj(io.BytesIO(body), "big", Config=config, ExtraArgs={"Metadata": {"m": "1"}})
    read = io.BytesIO()
    bucket.download_fileobj("big", read, Config=config)
    big = bucket.Object("big")
    judge.same("eleven MiB and back", (read.getvalue() == body, big.metadata, big.e_tag[-3:-1]), (True, {"m": "1"}, "-3"))
    bucket.copy({"Bucket": bucket.name, "Key": "big"}, "copy", Config=config)
    judge.same("a copy in parts", bucket.Object("copy").get()["Body"].read() == body, True)
    upload = bucket.Object("hand").initiate_multipart_upload(ContentType="text/plain")
    parts = {n: upload.Part(n).upload(Body=bytes([n]) * size)["ETag"] for n, size in ((1, 5 * MIB), (2, 9), (3, 9))}
    listed = client.get_paginator("list_parts").paginate(Bucket=bucket.name, Key="hand", UploadId=upload.id,
                                                         PaginationConfig={"PageSize": 2})
    judge.same("parts over pages", [p["PartNumber"] for page in listed for p in page["Parts"]], [1, 2, 3])

    def complete(*numbers, **etags):
        chosen = [{"PartNumber": n, "ETag": etags.get(f"e{n}", parts.get(n, '"none"'))} for n in numbers]
        return client.complete_multipart_upload(Bucket=bucket.name, Key="hand", UploadId=upload.id,
                                                MultipartUpload={"Parts": chosen})

    judge.refused("parts out of order", "InvalidPartOrder", lambda: complete(2, 1))
    judge.refused("a part that is not there", "InvalidPart", lambda: complete(1, 4))
    judge.refused("another etag", "InvalidPart", lambda: complete(1, e1='"0"'))
    judge.refused("a small part in the middle", "EntityTooSmall", lambda: complete(1, 2, 3))
    judge.refused("no parts", "MalformedXML", complete)
    judge.refused("part 10001", "InvalidArgument", lambda: upload.Part(10001).upload(Body=b""))
    complete(1, 3)
    hand = bucket.Object("hand")
    judge.same("the parts that were chosen", (hand.content_length, hand.content_type), (5 * MIB + 9, "text/plain"))
    judge.refused("an upload that is complete", "NoSuchUpload", lambda: complete(1))
    begun = [bucket.Object(key).initiate_multipart_upload() for key in ("x/1", "x/2", "y")]
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket.name, PaginationConfig={"PageSize": 2})
    judge.same("uploads over pages", [u["Key"] for page in pages for u in page.get("Uploads", [])], ["x/1", "x/2", "y"])
    rolled = client.list_multipart_uploads(Bucket=bucket.name, Delimiter="/")
    judge.same("uploads by prefix", [p["Prefix"] for p in rolled["CommonPrefixes"]], ["x/"])
    for one in begun:
        one.abort()
    judge.refused("an upload that was aborted", "NoSuchUpload", begun[0].abort)
    bucket.objects.all().delete()
    bucket.delete()


def items(judge):
    """A table through its resource: batches, queries, filters, indexes, conditions, the four clauses of an update."""
    table = judge.sandbox.resource("dynamodb", R1).create_table(
        TableName="Orders", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in
                              (("customer", "S"), ("order", "N"), ("state", "S"), ("total", "N"))],
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "order", "KeyType": "RANGE"}],
        LocalSecondaryIndexes=[{"IndexName": "by-total", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [
            {"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "total", "KeyType": "RANGE"}]}],
        GlobalSecondaryIndexes=[{"IndexName": "by-state", "KeySchema": [
            {"AttributeName": "state", "KeyType": "HASH"}, {"AttributeName": "order", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]}}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    # The resource's own waiter looks every 20 s.
    table.meta.client.get_waiter("table_exists").wait(TableName="Orders", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    with table.batch_writer(overwrite_by_pkeys=["customer", "order"]) as batch:
        for n in range(60):
            batch.put_item(Item={"customer": f"c{n % 2}", "order": n, "total": Decimal(n) / 4, "state": "new" if n % 3 else
                                 "paid", "entries": [{"book": f"b{n}", "tags": {"x", "y"}}], "octets": b"\x00\xff"})
        batch.put_item(Item={"customer": "c0", "order": 0, "total": Decimal("1.5"), "state": "again"})
    judge.same("the last of two puts in a batch", table.get_item(Key={"customer": "c0", "order": 0})["Item"]["state"], "again")
    one = table.get_item(Key={"customer": "c1", "order": 1}, ProjectionExpression="#t, entries[0].tags, octets",
                         ExpressionAttributeNames={"#t": "total"})["Item"]
    judge.same("a projection", (one["total"], one["entries"], bytes(one["octets"].value)),
               (Decimal("0.25"), [{"tags": {"x", "y"}}], b"\x00\xff"))
    found = table.query(KeyConditionExpression=Key("customer").eq("c1") & Key("order").between(10, 20),
                        FilterExpression=Attr("state").eq("new") & Attr("total").gt(3), ScanIndexForward=False)
    judge.same("a query with a filter", ([int(i["order"]) for i in found["Items"]], found["ScannedCount"]), ([19, 17, 13], 5))
    index = table.query(IndexName="by-state", KeyConditionExpression=Key("state").eq("paid") & Key("order").lt(10))
    judge.same("an index that includes", [sorted(i) for i in index["Items"]][:1], [["customer", "order", "state", "total"]])
    local = table.query(IndexName="by-total", KeyConditionExpression=Key("customer").eq("c0") & Key("total").lt(2),
                        Select="ALL_ATTRIBUTES", ConsistentRead=True)
    judge.same("a local index reads the whole item", [int(i["order"]) for i in local["Items"]], [2, 4, 0, 6])
    judge.refused("a consistent read of a global index", "ValidationException", lambda: table.query(
        IndexName="by-state", KeyConditionExpression=Key("state").eq("paid"), ConsistentRead=True))
    pages, start = [], {}
    while True:
        page = table.query(KeyConditionExpression=Key("customer").eq("c0"), Limit=7, **start)
        pages.append(len(page["Items"]))
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    judge.same("pages of a query", pages, [7, 7, 7, 7, 2])
    scan = judge.sandbox.client("dynamodb", R1).get_paginator("scan").paginate(
        TableName="Orders", FilterExpression="size(customer) = :two", ExpressionAttributeValues={":two": {"N": "2"}},
        PaginationConfig={"PageSize": 25})
    judge.same("a scan over pages", sum(len(page["Items"]) for page in scan), 60)
    segments = [table.scan(Segment=n, TotalSegments=3)["Count"] for n in range(3)]
    judge.same("a scan in segments", sum(segments), 60)
    judge.same("a count", table.query(KeyConditionExpression=Key("customer").eq("c1"), Select="COUNT").get("Count"), 30)
    where = {"Key": {"customer": "c1", "order": 1}}
    changed = table.update_item(
        **where, ReturnValues="UPDATED_NEW",
        UpdateExpression="SET #n = if_not_exists(#n, :zero) + :one, entries = list_append(entries, :more) REMOVE octets "
                         "ADD visits :one, tags :set DELETE gone :set",
        ExpressionAttributeNames={"#n": "count"},
        ExpressionAttributeValues={":zero": 0, ":one": 1, ":more": ["end"], ":set": {"a"}})["Attributes"]
    judge.same("the four clauses", (changed["count"], changed["visits"], changed["tags"], changed["entries"][-1]), (1, 1, {"a"}, "end"))
    judge.same("REMOVE", "octets" in table.get_item(**where)["Item"], False)
    failed = judge.refused("a condition", "ConditionalCheckFailedException", lambda: table.update_item(
        **where, UpdateExpression="SET visits = :v", ConditionExpression=Attr("visits").eq(9),
        ExpressionAttributeValues={":v": 0}, ReturnValuesOnConditionCheckFailure="ALL_OLD"))
    judge.same("the item that stood in the way", failed.get("Item", {}).get("visits"), {"N": "1"})
    judge.refused("two paths that overlap", "ValidationException", lambda: table.update_item(
        **where, UpdateExpression="SET entries[0].book = :b REMOVE entries", ExpressionAttributeValues={":b": "x"}))
    judge.refused("a key that is updated", "ValidationException", lambda: table.update_item(
        **where, UpdateExpression="SET customer = :b", ExpressionAttributeValues={":b": "x"}))
    judge.same("ALL_OLD", table.delete_item(**where, ReturnValues="ALL_OLD")["Attributes"]["visits"], 1)
    judge.refused("an empty key", "ValidationException", lambda: table.put_item(Item={"customer": "", "order": 1}))


def transactions(judge):
    """All or nothing, the reasons, and the token; time to live; what is refused by name."""
    client = judge.sandbox.client("dynamodb", R1)

    def key(order):
        return {"customer": {"S": "t"}, "order": {"N": str(order)}}

    def put(order, **more):
        return {"Put": {"TableName": "Orders", "Item": {**key(order), "n": {"N": "1"}}, **more}}

    client.transact_write_items(TransactItems=[put(1), put(2)])
    refused = judge.refused("a transaction", "TransactionCanceledException", lambda: client.transact_write_items(
        TransactItems=[put(3), put(1, ConditionExpression="attribute_not_exists(customer)",
                                   ReturnValuesOnConditionCheckFailure="ALL_OLD")]))
    reasons = refused.get("CancellationReasons", [{}, {}])
    judge.same("reasons", [reason.get("Code") for reason in reasons], ["None", "ConditionalCheckFailed"])
    judge.same("the reason's item", reasons[1].get("Item", {}).get("n"), {"N": "1"})
    judge.same("nothing of it was done", "Item" in client.get_item(TableName="Orders", Key=key(3)), False)
    add = {"Update": {"TableName": "Orders", "Key": key(1), "UpdateExpression": "ADD n :one",
                      "ExpressionAttributeValues": {":one": {"N": "1"}}}}
    for _ in range(2):
        client.transact_write_items(TransactItems=[add], ClientRequestToken="once")
    judge.same("a token twice", client.get_item(TableName="Orders", Key=key(1))["Item"]["n"], {"N": "2"})
    judge.refused("a token for something else", "IdempotentParameterMismatchException",
                  lambda: client.transact_write_items(TransactItems=[put(9)], ClientRequestToken="once"))
    judge.refused("one item twice", "ValidationException", lambda: client.transact_write_items(TransactItems=[put(1), add]))
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": "Orders", "Key": key(n)}} for n in (1, 7)])
    judge.same("many reads", ["Item" in response for response in got["Responses"]], [True, False])
    got = client.batch_get_item(RequestItems={"Orders": {"Keys": [key(1), key(2), key(7)]}})
    judge.same("a batch of reads", len(got["Responses"]["Orders"]), 2)
    client.update_time_to_live(TableName="Orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    ttl = client.describe_time_to_live(TableName="Orders")["TimeToLiveDescription"]
    judge.same("time to live", (ttl["AttributeName"], ttl["TimeToLiveStatus"] in ("ENABLING", "ENABLED")), ("ends", True))
    said = judge.refused("PartiQL", "SandboxUnsupportedOperation",
                         lambda: client.execute_statement(Statement='SELECT * FROM "Orders"'))
    judge.same("its name", "ExecuteStatement" in said["Error"].get("Message", ""), True)


def streams(judge):
    """The changes of the table above, read as a follower reads them."""
    client, reader = judge.sandbox.client("dynamodb", R1), judge.sandbox.client("dynamodbstreams", R1)
    arn = client.describe_table(TableName="Orders")["Table"]["LatestStreamArn"]
    judge.same("streams", [s["StreamArn"] for s in reader.list_streams(TableName="Orders")["Streams"]], [arn])
    told = reader.describe_stream(StreamArn=arn)["StreamDescription"]
    judge.same("a stream", (told["StreamStatus"], told["StreamViewType"], len(told["Shards"])),
               ("ENABLED", "NEW_AND_OLD_IMAGES", 1))
    shard = told["Shards"][0]["ShardId"]

    def iterator(kind, **more):
        return reader.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]

    first = reader.get_records(ShardIterator=iterator("TRIM_HORIZON"), Limit=40)
    rest = reader.get_records(ShardIterator=first["NextShardIterator"])
    records = first["Records"] + rest["Records"]
    names = [record["eventName"] for record in records]
    judge.same("kinds of changes", (len(first["Records"]), names[0], sorted(set(names))),
               (40, "INSERT", ["INSERT", "MODIFY", "REMOVE"]))
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    judge.same("their order", numbers, sorted(numbers))
    again = reader.get_records(ShardIterator=iterator("AT_SEQUENCE_NUMBER", SequenceNumber=numbers[5]), Limit=1)
    judge.same("from a number on", again["Records"][0]["dynamodb"]["SequenceNumber"], numbers[5])
    later = reader.get_records(ShardIterator=iterator("AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[5]), Limit=1)
    judge.same("behind a number", later["Records"][0]["dynamodb"]["SequenceNumber"], numbers[6])
    latest = iterator("LATEST")
    client.put_item(TableName="Orders", Item={"customer": {"S": "new"}, "order": {"N": "1"}})
    newest = reader.get_records(ShardIterator=latest)["Records"]
    judge.same("only what is new", [r["dynamodb"]["Keys"]["customer"]["S"] for r in newest], ["new"])
    judge.refused("no such shard", "ResourceNotFoundException", lambda: reader.get_shard_iterator(
        StreamArn=arn, ShardId="shardId-00000000000000000000-00000000", ShardIteratorType="LATEST"))
    client.update_table(TableName="Orders", DeletionProtectionEnabled=True)
    client.get_waiter("table_exists").wait(TableName="Orders", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    judge.refused("a protected table", "ValidationException", lambda: client.delete_table(TableName="Orders"))
    # A replica takes minutes of simulated time, so the second change certainly meets the first.
    client.update_table(TableName="Orders", ReplicaUpdates=[{"Create": {"RegionName": R2}}])
    judge.refused("a change during a change", "ResourceInUseException",
                  lambda: client.update_table(TableName="Orders", DeletionProtectionEnabled=False))


def main():
    began = time.monotonic()
    # Slow enough that an iterator of 15 simulated minutes lives for the seconds of a test.
    with served.Sandbox(sys.argv[1:], speed=30) as sandbox:
        judge = Judge(sandbox)
        for part in (objects, versions, multipart, items, transactions, streams):
            try:
                part(judge)
            except Exception:  # any failure of the judge is a finding
                judge.differences.append(f"{part.__name__}: {traceback.format_exc(limit=-2)}")
    for difference in judge.differences:
        print(difference)
    print(f"{judge.checks} checks of S3 and DynamoDB by boto3, {len(judge.differences)} differences, "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(1 if judge.differences else 0)


if __name__ == "__main__":
    main()
