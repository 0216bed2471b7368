#!/usr/bin/env python3
"""boto3 as the judge of the loopback endpoint: the codec with a real HTTP server on 127.0.0.1 in between.

    pip install boto3==1.43.11 && python3 tests/judges/endpoint.py

For every operation of the models: boto3 sends a request with every member filled, over HTTP, to a server that answers a
scripted output and then a scripted error through the codec. Both ways must be identical. Then what HTTP adds to a
request: streams, Expect, chunks with a checksum behind them, virtual hosts, signed addresses, HEAD, tokens of pages.
What is left out, with the reason, stands in EXCEPTIONS.
"""

import base64
import datetime
import http.client
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import botocore.session

import wire
from wire import cut, difference, filled, plain

EXCEPTIONS = {
    "members that botocore fills itself": "tokens, checksums, lengths, EncodingType: it sends its own value, not ours",
    "SSECustomer… of S3": "botocore derives the digest from the key and replaces both",
    "SourceRegion of RDS": "botocore makes a presigned address of it and does not send it",
    "fractions of a second in requests": "botocore cuts them off in JSON; in answers they are compared",
    "messages of errors that have none": "some shapes of errors (SSM's InvalidResourceType) have no member for it",
    "fractions of a second in HTTP dates": "the format has none",
}
STAMP = wire.AT + datetime.timedelta(milliseconds=123)


class Server:
    """The scripted server, which is `serve_the_judge` of tests/wire_judge.rs."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        told = os.path.join(self.folder.name, "port")
        self.process = subprocess.Popen(
            ["cargo", "test", "--quiet", "--test", "wire_judge", "--", "--ignored", "--exact", "serve_the_judge"],
            cwd=wire.ROOT, env={**os.environ, "WIRE_JUDGE_PORT": told}, stdout=subprocess.DEVNULL,
        )
        while not os.path.exists(told):
            if self.process.poll() is not None:
                sys.exit("the scripted server does not start")
            time.sleep(0.05)
        with open(told) as file:
            self.port = int(file.read())
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.script({"end": True})
        self.process.wait(20)
        self.folder.cleanup()

    def raw(self, method, path, headers, body=b""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    def script(self, *outputs):
        """What is answered next, one by one (the last again and again); returns what was asked since."""
        return json.loads(self.raw("POST", "/_judge", {}, json.dumps(outputs).encode())[2])

    def client(self, key, protocol=None, **config):
        session = botocore.session.Session()
        if protocol:
            loader = session.get_component("data_loader")
            load = loader.load_service_model
            loader.load_service_model = lambda name, kind, api_version=None: wire.Client.only(
                load(name, kind, api_version), kind, protocol
            )
        config = botocore.config.Config(
            retries={"max_attempts": 0}, parameter_validation=False, read_timeout=20,
            **{"s3": {"addressing_style": "path"}, **config},
        )
        return boto3.Session(botocore_session=session).client(
            key, region_name="eu-west-1", endpoint_url=self.url, config=config,
            aws_access_key_id="AK", aws_secret_access_key="SK",
        )


def cases():
    """Service, protocol and operation of everything in the models."""
    for key, names in cut.OPERATIONS.items():
        for protocol in ["smithy-rpc-v2-cbor", "json", "query"] if key == "cloudwatch" else [None]:
            for name in names.split():
                yield key, protocol, name


def with_fractions(shape, output):
    """The output with milliseconds wherever the wire's format has them."""
    found = {}
    for name, value in output.items():
        member = shape.members[name]
        exact = member.serialization.get("location") is None and member.serialization.get("timestampFormat") != "rfc822"
        found[name] = fractions(member, value) if exact else value
    return found


def fractions(shape, value):
    if isinstance(value, datetime.datetime):
        return value if shape.serialization.get("timestampFormat") == "rfc822" else STAMP
    if isinstance(value, dict) and shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return {name: fractions(shape.members[name], item) for name, item in value.items()}
    if isinstance(value, dict) and shape.type_name == "map":
        return {name: fractions(shape.value, item) for name, item in value.items()}
    if isinstance(value, list):
        return [fractions(shape.member, item) for item in value]
    return value


def judge_operations(server, failures):
    count = 0
    clients = {}
    for key, protocol, name in cases():
        count += 1
        client = clients.setdefault((key, protocol), None) or server.client(key, protocol)
        clients[key, protocol] = client
        model = client.meta.service_model.operation_model(name)
        title = f"{key}:{name}" + (f" ({protocol})" if protocol else "")
        parameters, output = wire.sample(key, name, model)
        output = with_fractions(model.output_shape, output) if model.output_shape else output
        told = [shape for shape in model.error_shapes if "message" in {member.lower() for member in shape.members}]
        code = next((shape.error_code for shape in [*told, *model.error_shapes]), "AccessDenied")
        answer = {"output": plain(output), "stream": base64.b64encode(b"stream").decode()}
        server.script(answer, {"code": code, "message": "No <such> thing."})
        try:
            read = client._make_api_call(name, parameters)
        except Exception as error:  # any failure of the judge is a finding
            failures.append(f"{title}: {type(error).__name__}: {error} {server.script(answer)}")
            continue
        meta = read.pop("ResponseMetadata")
        body = read.pop("Body", None)
        if body is not None and body.read() != b"stream":
            failures.append(f"{title}: stream")
        read.pop("ExpiresString", None)
        found = difference(plain(read), plain(output))
        if found:
            failures.append(f"{title}: answer: {found}")
        bare = output == {} and protocol == "smithy-rpc-v2-cbor"
        if meta.get("RequestId") != "req-1" and not bare:
            failures.append(f"{title}: request id {meta}")
        try:
            client._make_api_call(name, parameters)
            failures.append(f"{title}: refusal was taken for an answer")
        except botocore.exceptions.ClientError as error:
            details = error.response["Error"]
            head = model.http["method"] == "HEAD"
            if not head and (details["Code"], details["Message"]) != (code, "No <such> thing."):
                failures.append(f"{title}: refusal: {details} instead of {code}")
            if not head and error.response["ResponseMetadata"].get("RequestId") != "req-1" and protocol != "smithy-rpc-v2-cbor":
                failures.append(f"{title}: refusal without request id: {error.response['ResponseMetadata']}")
        except Exception as error:
            failures.append(f"{title}: refusal: {type(error).__name__}: {error}")
        asked = server.script(answer)
        if len(asked) != 2 or any("error" in one for one in asked):
            failures.append(f"{title}: asked {asked}")
            continue
        wire.judge_input(title, key, name, parameters, asked[0], failures)
    return count


def scope(service="s3"):
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=AK/20260105/eu-west-1/{service}/aws4_request, "
                             "SignedHeaders=host, Signature=0"}


def judge_http(server, failures):
    """What HTTP adds, one named case each."""
    s3 = server.client("s3")
    checked = []

    def expect(name, got, wanted):
        checked.append(name)
        if got != wanted:
            failures.append(f"{name}: {got!r} instead of {wanted!r}")

    def payload(asked):
        return base64.b64decode(asked[0].get("payload") or "")

    # A seekable stream: botocore waits for `100 Continue` before it sends the body.
    sent = {}
    s3.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.update(request.headers))
    server.script({"output": {"ETag": '"e"'}})
    read = s3.put_object(Bucket="b", Key="a b/ü+.txt", Body=io.BytesIO(b"x" * 300_000), Metadata={"k": "v"})
    asked = server.script({"output": {}})
    expect("Expect: 100-continue is sent", str(sent.get("Expect", sent.get("expect", b"")), "ascii") if isinstance(
        sent.get("Expect", b""), bytes) else sent.get("Expect"), "100-continue")
    expect("a stream arrives", payload(asked), b"x" * 300_000)
    expect("its key", asked[0]["input"]["Key"], "a b/ü+.txt")
    expect("its metadata", asked[0]["input"]["Metadata"], {"k": "v"})
    expect("its entity tag", read["ETag"], '"e"')
    # Chunks with a checksum behind them, as SDKs send streams over TLS; unsigned and signed.
    for name, mark, line in [
        ("unsigned chunks", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", b""),
        ("signed chunks", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", b";chunk-signature=" + b"0" * 64),
    ]:
        body = b"5" + line + b"\r\nhello\r\n6" + line + b"\r\n world\r\n0" + line + b"\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
        server.script({"output": {}})
        status, _, _ = server.raw("PUT", "/b/k", {
            **scope(), "Content-Encoding": "gzip,aws-chunked", "x-amz-content-sha256": mark,
            "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": "11"}, body)
        asked = server.script({"output": {}})
        expect(f"{name}: status", status, 200)
        expect(f"{name}: payload", payload(asked), b"hello world")
        expect(f"{name}: trailer", asked[0]["input"].get("ChecksumCRC32"), "DUoRhQ==")
        expect(f"{name}: encoding", asked[0]["input"].get("ContentEncoding"), "gzip")
    # The bucket in the host name.
    for host in ["bucket.s3.localhost:4566", "bucket.localhost", "bucket.s3.eu-west-1.amazonaws.com"]:
        server.script({"output": {}, "stream": base64.b64encode(b"stream").decode()})
        status, _, body = server.raw("GET", "/a/b%20c", {**scope(), "Host": host})
        asked = server.script({"output": {}})
        expect(f"{host}: answer", (status, body), (200, b"stream"))
        expect(f"{host}: input", asked[0]["input"], {"Bucket": "bucket", "Key": "a/b c"})
    # Signed addresses: the scope is in the query string.
    for name, client, method, parameters, wanted in [
        ("S3", server.client("s3", signature_version="s3v4"), "get_object", {"Bucket": "b", "Key": "k ü", "VersionId": "v&1"}, {"Bucket": "b", "Key": "k ü", "VersionId": "v&1"}),
        ("S3 (virtual host)", server.client("s3", signature_version="s3v4", s3={"addressing_style": "virtual"}), "get_object",
         {"Bucket": "bk", "Key": "k"}, {"Bucket": "bk", "Key": "k"}),
        ("STS", server.client("sts"), "get_caller_identity", {}, {}),
    ]:
        url = urllib.parse.urlsplit(client.generate_presigned_url(method, Params=parameters))
        server.script({"output": {}, "stream": base64.b64encode(b"stream").decode()})
        status, _, _ = server.raw("GET", f"{url.path}?{url.query}", {"Host": url.netloc.replace("127.0.0.1", "s3.localhost")
                                                                     if "bk." in url.netloc else url.netloc})
        asked = server.script({"output": {}})
        expect(f"signed address for {name}: status", status, 200)
        got = {k: v for k, v in asked[0].get("input", asked[0]).items()}
        expect(f"signed address for {name}: input", got, wanted)
    # boto3's own choice for an address of S3 without AWS's host is version 2, which AWS does not take for new buckets.
    url = urllib.parse.urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"}))
    status, _, body = server.raw("GET", f"{url.path}?{url.query}", {"Host": url.netloc})
    expect("address signed by version 2", (status, b"<Code>InvalidRequest</Code>" in body), (400, True))
    server.script({"output": {}})
    # HEAD has headers and no body, also as an error.
    server.script({"output": {"ContentLength": 6, "LastModified": 1767603600, "Metadata": {"one": "1"}}}, {"code": "404", "message": "", "status": 404})
    head = s3.head_object(Bucket="b", Key="k")
    expect("HEAD: date", head["LastModified"], wire.AT)
    expect("HEAD: length", head["ContentLength"], 6)
    try:
        s3.head_object(Bucket="b", Key="k")
        expect("HEAD: error", "none", "404")
    except botocore.exceptions.ClientError as error:
        expect("HEAD: error", error.response["Error"]["Code"], "404")
    # Requests and answers without a body.
    server.script({"output": {}})
    s3.create_bucket(Bucket="b")
    expect("an empty body", server.script({"output": {}})[0]["input"].get("CreateBucketConfiguration"), None)
    deleted = server.client("apigateway").delete_rest_api(restApiId="a") if "DeleteRestApi" in cut.OPERATIONS["apigateway"] else None
    if deleted:
        expect("an empty answer", deleted["ResponseMetadata"]["HTTPStatusCode"], 202)
    # The token of a page comes back as it was given, whatever is in it.
    token = "a+/=&é <\"'%2B"
    for key, operation, pages, field, given in [
        ("s3", "list_objects_v2", [{"Contents": [{"Key": "1"}], "IsTruncated": True, "NextContinuationToken": token},
                                  {"Contents": [{"Key": "2"}], "IsTruncated": False}], "ContinuationToken", {"Bucket": "b"}),
        ("rds", "describe_db_clusters", [{"DBClusters": [], "Marker": token}, {"DBClusters": []}], "Marker", {}),
        ("dynamodb", "list_tables", [{"TableNames": ["a"], "LastEvaluatedTableName": token}, {"TableNames": ["b"]}],
         "ExclusiveStartTableName", {}),
        ("route53", "list_hosted_zones", [{"HostedZones": [], "Marker": "", "IsTruncated": True, "NextMarker": token, "MaxItems": "1"},
                                          {"HostedZones": [], "Marker": token, "IsTruncated": False, "MaxItems": "1"}], "Marker", {}),
        ("cloudwatch", "list_metrics", [{"Metrics": [], "NextToken": token}, {"Metrics": []}], "NextToken", {}),
        ("apigateway", "get_rest_apis", [{"items": [], "position": token}, {"items": []}], "position", {}),
    ]:
        server.script(*({"output": page} for page in pages))
        count = len(list(server.client(key).get_paginator(operation).paginate(**given)))
        asked = server.script({"output": {}})
        expect(f"{key} {operation}: pages", count, 2)
        expect(f"{key} {operation}: token", asked[1]["input"].get(field), token)
    return len(checked)


def main():
    failures = []
    with Server() as server:
        operations, details = judge_operations(server, failures), judge_http(server, failures)
    for failure in failures:
        print(failure)
    for what, why in EXCEPTIONS.items():
        print(f"not compared: {what}: {why}")
    print(f"{operations} operations and {details} details over HTTP, {len(failures)} differences")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
