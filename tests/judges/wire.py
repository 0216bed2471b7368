#!/usr/bin/env python3
"""botocore and the AWS CLI as judges of the wire codec and of the command line.

    pip install botocore==1.43.11 awscli==1.45.11 && python3 tests/judges/wire.py

For every operation of the models: botocore writes a request with every member filled, our codec reads it; our codec
writes an answer with every member filled and an error, botocore reads them, and our reader of responses is compared
with botocore's. For every command below: the AWS CLI and our parser must come to the same input.
Nothing leaves the machine: the requests are caught before they are sent.
"""

import base64
import datetime
import json
import os
import shlex
import subprocess
import sys
import tempfile

import botocore.awsrequest
import botocore.config
import botocore.exceptions
import botocore.session
import botocore.validate

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "assets", "models"))
import cut  # noqa: E402

AT = datetime.datetime(2026, 1, 5, 9, 0, 0, tzinfo=datetime.timezone.utc)
BLOB = b"\x00\x01\xff"
# botocore fills these by itself.
OWN_MEMBERS = {"IdempotencyToken", "ClientRequestToken", "ChecksumAlgorithm", "ContentLength", "ContentMD5", "EncodingType"}


def full(shape, place, stack=()):
    """A value with every member filled; recursive shapes end after two turns."""
    if stack.count(shape.name) > 1:
        return None
    stack = stack + (shape.name,)
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return {"any": ["thing", 1]}
        found = {name: full(member, f"{place}/{name}", stack) for name, member in shape.members.items()}
        found = {name: value for name, value in found.items() if value is not None}
        return dict(list(found.items())[:1]) if getattr(shape, "is_tagged_union", False) else found
    if kind == "list":
        items = [full(shape.member, f"{place}/{n}", stack) for n in (1, 2)]
        return [item for item in items if item is not None]
    if kind == "map":
        items = {key: full(shape.value, f"{place}/{key}", stack) for key in ("one", "two")}
        return {key: item for key, item in items.items() if item is not None}
    if kind == "boolean":
        return True
    if kind == "integer":
        return 7
    if kind == "long":
        return 5_000_000_000
    if kind in ("float", "double"):
        return 0.25
    if kind == "timestamp":
        return AT
    if kind == "blob":
        return BLOB
    if shape.serialization.get("location") in ("header", "headers") or "headers" in place:
        return "plain"
    return f"{place} é<&>\"'%+="


def filled(shape, special):
    if shape is None:
        return {}
    found = {}
    for name, member in shape.members.items():
        place = "headers" if member.serialization.get("location") in ("header", "headers") else name
        value = special.get(name, full(member, place))
        if value is not None:
            found[name] = value
    return found


def plain(value):
    """As our JSON has it: seconds, base64."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds == int(seconds) else seconds
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value


def shown(value):
    """As the AWS CLI version 2 prints it."""
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat()
    return plain(value)


class Caught(Exception):
    pass


class Client:
    """A client of botocore whose requests are caught, or answered by us."""

    def __init__(self, session, key, protocol):
        # Adaptive: a test's protocol is forced by taking the others out of the model.
        self.answer = self.request = None
        if protocol:
            session = botocore.session.Session()
            loader = session.get_component("data_loader")
            load = loader.load_service_model
            loader.load_service_model = lambda name, kind, api_version=None: self.only(
                load(name, kind, api_version), kind, protocol
            )
        config = botocore.config.Config(
            retries={"max_attempts": 0}, parameter_validation=False, s3={"addressing_style": "path"}
        )
        self.client = session.create_client(
            key, region_name="eu-west-1", aws_access_key_id="AK", aws_secret_access_key="SK", config=config
        )
        self.client.meta.events.register("before-send", self.catch)

    @staticmethod
    def only(model, kind, protocol):
        if kind == "service-2":
            model["metadata"].update(protocol=protocol, protocols=[protocol])
        return model

    def catch(self, request, **_):
        self.request = request
        if self.answer is None:
            raise Caught
        headers = botocore.awsrequest.HeadersDict(dict(self.answer["headers"]))
        raw = Raw(base64.b64decode(self.answer["body"]))
        return botocore.awsrequest.AWSResponse(request.url, self.answer["status"], headers, raw)

    def call(self, operation, parameters, answer=None):
        self.answer = answer
        try:
            return self.client._make_api_call(operation, parameters)
        except Caught:
            return None


def protocol_of(client):
    return client.client.meta.service_model.resolved_protocol


class Raw:
    def __init__(self, body):
        self.body = body

    def stream(self, **_):
        yield self.body

    def read(self, *_, **__):
        body, self.body = self.body, b""
        return body


def body_of(request):
    body = request.body or b""
    if hasattr(body, "read"):
        body.seek(0)
        body = body.read()
    return body.encode() if isinstance(body, str) else body


def ask(lines):
    with tempfile.TemporaryDirectory() as folder:
        questions, answers = os.path.join(folder, "in"), os.path.join(folder, "out")
        with open(questions, "w") as file:
            file.write("\n".join(json.dumps(line) for line in lines))
        environment = {**os.environ, "WIRE_JUDGE_IN": questions, "WIRE_JUDGE_OUT": answers}
        subprocess.run(["cargo", "test", "--quiet", "--test", "wire_judge"], cwd=ROOT, env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        with open(answers) as file:
            return [json.loads(line) for line in file]


def difference(left, right, place=""):
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(set(left) | set(right)):
            if key not in left or key not in right:
                return f"{place}.{key} only {'left' if key in left else 'right'}"
            found = difference(left[key], right[key], f"{place}.{key}")
            if found:
                return found
        return None
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return f"{place}: {len(left)} against {len(right)} items"
        return next(filter(None, (difference(a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(left, right)))), None)
    return None if left == right else f"{place}: {left!r} against {right!r}"


def sample(key, name, model):
    """Parameters and output of an operation with every member filled, but for what botocore computes itself."""
    special = {"Bucket": "bucket", "Body": b"body"} if key == "s3" else {}
    if key == "s3" and name == "CopyObject":
        special["CopySource"] = "bucket/plain"
    if key == "s3" and model.input_shape:
        # Digests of keys are derived from the key, which must then be one.
        own = ("ContentMD5", "ContentLength")
        special.update({n: None for n in model.input_shape.members if "SSECustomer" in n or n.startswith("Checksum") or n in own})
    parameters = filled(model.input_shape, special)
    special = {"Body": None}
    if name == "GetObject":
        # botocore counts and digests what it reads.
        special.update({n: None for n in model.output_shape.members if n.startswith("Checksum")}, ContentLength=6)
    output = filled(model.output_shape, special if key == "s3" else {})
    if key == "s3" and name.startswith("ListObject"):
        output["EncodingType"] = "url"
    return parameters, output


def judge_input(title, key, name, parameters, answer, failures):
    """Compares what our codec read with what botocore was given."""
    expected = {k: plain(v) for k, v in parameters.items() if k != "Body"}
    if key == "route53":
        for member in ("Id", "HostedZoneId", "HealthCheckId"):
            if member in expected and isinstance(expected[member], str):
                expected[member] = expected[member].split("/")[-1]
                answer["input"][member] = answer["input"][member].split("/")[-1]
    # botocore makes a presigned address of it and does not send it.
    expected.pop("SourceRegion", None)
    own = {m for m in OWN_MEMBERS if m not in expected or m == "ChecksumAlgorithm"}
    got = {k: v for k, v in answer["input"].items() if not (k in own or (k.startswith("Checksum") and k not in expected))}
    expected = {k: v for k, v in expected.items() if k not in own}
    found = difference(got, expected)
    if answer["operation"] != name or found:
        failures.append(f"{title}: input: {answer['operation']} {found}")
    if parameters.get("Body") is not None and base64.b64decode(answer["payload"] or "") != b"body":
        failures.append(f"{title}: payload {answer['payload']}")


def judge_wire(failures):
    session = botocore.session.Session()
    cases = []
    for key, names in cut.OPERATIONS.items():
        protocols = ["smithy-rpc-v2-cbor", "json", "query"] if key == "cloudwatch" else [None]
        for protocol in protocols:
            client = Client(session, key, protocol)
            for name in names.split():
                model = client.client.meta.service_model.operation_model(name)
                parameters, output = sample(key, name, model)
                client.call(name, parameters)
                # An error without a member for it carries no message.
                told = [shape for shape in model.error_shapes if "message" in {member.lower() for member in shape.members}]
                code = next((shape.error_code for shape in [*told, *model.error_shapes]), "AccessDenied")
                cases.append((client, key, protocol, name, parameters, output, code, client.request))
    lines = [
        {
            "kind": "request", "method": request.method, "url": request.url,
            "headers": [[k, v.decode() if isinstance(v, bytes) else str(v)] for k, v in request.headers.items()],
            "body": base64.b64encode(body_of(request)).decode(), "output": plain(output), "code": code,
            "stream": base64.b64encode(b"stream").decode(),
        }
        for _, _, _, _, _, output, code, request in cases
    ]
    answers = ask(lines)
    second = []
    for (client, key, protocol, name, parameters, output, code, _), answer in zip(cases, answers):
        title = f"{key}:{name}" + (f" ({protocol})" if protocol else "")
        if "error" in answer:
            failures.append(f"{title}: request: {answer['error']}")
            second.append(None)
            continue
        judge_input(title, key, name, parameters, answer, failures)
        second.append((title, client, name, parameters, output, code, answer))
    responses = []
    for case in filter(None, second):
        title, client, name, parameters, output, code, answer = case
        try:
            read = client.call(name, parameters, answer["answer"])
        except Exception as error:  # any failure of the judge is a finding
            failures.append(f"{title}: answer: {type(error).__name__}: {error}")
            continue
        meta = read.pop("ResponseMetadata")
        # botocore looks for the id of a CBOR answer only where there is an output.
        bare = output == {} and protocol_of(client) == "smithy-rpc-v2-cbor"
        if meta.get("RequestId") != "req-1" and not bare:
            failures.append(f"{title}: request id {meta}")
        body = read.pop("Body", None)
        if body is not None and body.read() != b"stream":
            failures.append(f"{title}: stream")
        read.pop("ExpiresString", None)
        found = difference(plain(read), plain(output))
        if found:
            failures.append(f"{title}: answer: {found}")
        try:
            client.call(name, parameters, answer["refusal"])
            failures.append(f"{title}: refusal was taken for an answer")
        except botocore.exceptions.ClientError as error:
            details = error.response["Error"]
            head = client.client.meta.service_model.operation_model(name).http["method"] == "HEAD"
            if not head and (details["Code"], details["Message"]) != (code, "No <such> thing."):
                failures.append(f"{title}: refusal: {details} instead of {code}")
        responses.append((title, shown(read), {"kind": "response", "service": client.client.meta.service_model.service_name,
                                               "operation": name, **answer["answer"]}))
    for (title, expected, _), answer in zip(responses, ask([line for _, _, line in responses])):
        expected.pop("Body", None)
        if "EncodingType" in expected:
            # botocore decodes what it asked to be encoded; our reader shows what came.
            continue
        found = difference(answer.get("output"), expected)
        if found:
            failures.append(f"{title}: reading: {found} {answer.get('message', '')}")
    return len(cases)


def judge_commands(failures):
    import awscli.clidriver

    caught = {}

    def catch(self, operation, parameters):
        shape = self.meta.service_model.operation_model(operation).input_shape
        if shape and botocore.validate.ParamValidator().validate(parameters, shape).has_errors():
            raise SystemExit
        caught.update(operation=operation, input=parameters, region=self.meta.region_name)
        raise Caught

    botocore.client.BaseClient._make_api_call = catch
    os.environ.update(AWS_ACCESS_KEY_ID="AK", AWS_SECRET_ACCESS_KEY="SK", AWS_CONFIG_FILE="/dev/null", AWS_PAGER="",
                      AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_DEFAULT_REGION="eu-west-1")
    with open(os.path.join(ROOT, "tests", "judges", "commands.txt")) as file:
        commands = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    answers = ask([{"kind": "command", "text": text} for text in commands])
    for text, answer in zip(commands, answers):
        caught.clear()
        driver = awscli.clidriver.create_clidriver()
        with open(os.devnull, "w") as null:
            sys.stderr, kept = null, sys.stderr
            try:
                driver.main(shlex.split(text)[1:])
            except SystemExit:
                pass
            finally:
                sys.stderr = kept
        if not caught:
            if "error" not in answer:
                failures.append(f"{text}: the AWS CLI refuses it, we take it as {answer}")
            continue
        if "error" in answer:
            failures.append(f"{text}: {answer['error']}")
            continue
        expected = plain(dict(caught["input"]))
        for key, value in list(expected.items()):
            if hasattr(value, "read"):
                expected.pop(key)
        found = difference(instants(answer["input"]), instants(expected))
        if answer["operation"] != caught["operation"] or found:
            failures.append(f"{text}: {found}\n    {answer}\n    {caught}")
    return len(commands)


def instants(value):
    """The AWS CLI hands times on as they were typed."""
    if isinstance(value, dict):
        return {key: instants(item) for key, item in value.items()}
    if isinstance(value, list):
        return [instants(item) for item in value]
    if isinstance(value, str) and value[:4].isdigit() and "T" in value:
        return plain(datetime.datetime.fromisoformat(value.replace("Z", "+00:00")))
    return value


def main():
    failures = []
    wire, commands = judge_wire(failures), judge_commands(failures)
    for failure in failures:
        print(failure)
    print(f"{wire} operations, {commands} commands, {len(failures)} differences")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
