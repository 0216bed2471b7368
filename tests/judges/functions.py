#!/usr/bin/env python3
"""Run the shop's functions in Node.js with the real AWS SDK for JavaScript, against the sandbox's loopback endpoint.

    pip install boto3==1.43.11 && python3 tests/judges/functions.py [path of the workshop binary]

Node.js and the SDK come from outside (the SDK from the npm registry), the functions are the shipped ones. Two Regions
share three tables; one Region then loses a table. Ends with 1 and what differs.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import served

R1, R2 = "eu-west-1", "ap-southeast-1"
SDK = ["@aws-sdk/client-dynamodb@3", "@aws-sdk/lib-dynamodb@3"]
KEYS = {"Books": ["id"], "Orders": ["customerId", "orderId"], "Cart": ["customerId", "bookId"]}


class Functions:
    """The functions, unpacked beside the SDK."""

    def __init__(self, sandbox, folder):
        self.sandbox, self.folder = sandbox, folder
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, *SDK], check=True)
        shutil.copytree(os.path.join(served.ROOT, "assets", "bookstore", "lambda"), os.path.join(folder, "lambda"))
        shutil.copy(os.path.join(served.ROOT, "tests", "judges", "functions.mjs"), folder)

    def run(self, region, *calls):
        environment = {**self.sandbox.environment, "AWS_REGION": region,
                       **{f"{name.upper()}_TABLE": name for name in KEYS}}
        ran = subprocess.run(["node", "functions.mjs"], cwd=self.folder, env=environment, input=json.dumps(calls),
                             capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return [(a.get("statusCode"), json.loads(a["body"])) if "body" in a else (None, a)
                for a in json.loads(ran.stdout)]


def signed(verb, body=None):
    return {"httpMethod": verb, "body": json.dumps(body) if body else None,
            "requestContext": {"requestId": "request-1", "identity": {"cognitoIdentityId": "me"}}}


def tables(client, replica):
    for name, keys in KEYS.items():
        extra = ["category", "name"] if name == "Books" else []
        index = [{"IndexName": "category-index", "Projection": {"ProjectionType": "ALL"},
                  "KeySchema": [{"AttributeName": "category", "KeyType": "HASH"},
                                {"AttributeName": "name", "KeyType": "RANGE"}]}]
        client.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys + extra],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ["HASH", "RANGE"])],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            **({"GlobalSecondaryIndexes": index} if extra else {}))
    for name in KEYS:
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
        client.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": R2}}])
    for name in KEYS:
        until(lambda: client.describe_table(TableName=name)["Table"]["Replicas"][0]["ReplicaStatus"] == "ACTIVE")
        replica.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.2)


def same(what, seen, wanted):
    assert seen == wanted, f"{what}: {seen!r} instead of {wanted!r}"


def judge(sandbox, folder):
    first, second = sandbox.client("dynamodb", R1), sandbox.client("dynamodb", R2)
    tables(first, second)
    functions = Functions(sandbox, folder)

    (_, seeded), (_, again), (status, listed) = functions.run(R1, ["seed-books", {}], ["seed-books", {}], ["books", {}])
    same("seeding, twice", (seeded, again), ({"written": 64}, {"written": 64}))
    same("the list", (status, len(listed["books"]), listed["region"]), (200, 64, R1))
    until(lambda: second.scan(TableName="Books", Select="COUNT")["Count"] == 64)

    # A list that begins in one Region and goes on in the other.
    page = {"category": "Sea", "limit": "5"}
    ((_, begun),) = functions.run(R1, ["books", {"queryStringParameters": page}])
    (_, rest), (status, _) = functions.run(
        R2, ["books", {"queryStringParameters": {**page, "after": begun["next"]}}],
        ["books", {"queryStringParameters": {"category": "Poetry", "limit": "5", "after": begun["next"]}}])
    names = [book["name"] for book in begun["books"] + rest["books"]]
    same("the books of a category, in order", (len(names), names), (8, sorted(names)))
    same("a cursor of another list", status, 400)

    (status, _), (missing, _), (strange, _) = functions.run(
        R1, ["cart", signed("POST", {"bookId": "b09", "quantity": 2})],
        ["cart", signed("PUT", {"bookId": "b01", "quantity": 2})], ["books", {"pathParameters": {"id": "b99"}}])
    same("cart, a book that is not in it, a book that is none", (status, missing, strange), (201, 404, 404))
    until(lambda: second.scan(TableName="Cart", Select="COUNT")["Count"] == 1)
    order = signed("POST", {"token": "token-1"})
    (status, placed), (repeated, same_order), (empty, _) = functions.run(
        R2, ["orders", order], ["orders", order], ["orders", signed("POST", {"token": "token-2"})])
    same("an order, again, and with nothing in the cart", (status, repeated, empty), (201, 200, 409))
    same("the order", [(b["bookId"], b["quantity"], b["price"]) for b in placed["order"]["books"]], [("b09", 2, 12.5)])
    same("the order again", same_order["order"], placed["order"])
    until(lambda: first.scan(TableName="Orders", Select="COUNT")["Count"] == 1)
    until(lambda: first.scan(TableName="Cart", Select="COUNT")["Count"] == 0)
    (_, seen), (elsewhere, _) = functions.run(R1, ["orders", signed("GET")], ["orders", order])
    same("the order in the other Region", [one["orderId"] for one in seen["orders"]], ["token-1"])
    same("its token in the other Region", elsewhere, 200)

    # A Region without its own data must not call itself healthy.
    first.update_table(TableName="Books", ReplicaUpdates=[{"Delete": {"RegionName": R2}}])
    until(lambda: "Books" not in second.list_tables()["TableNames"])
    health = ["status", {"resource": "/health"}]
    same("health where the table is", functions.run(R1, health)[0][0], 200)
    (status, _), (truth, _), (_, broken) = functions.run(R2, health, ["status", {"resource": "/truth"}], ["books", {}])
    same("health and truth where it is gone", (status, truth), (503, 200))
    same("the list where it is gone", broken["thrown"], "ResourceNotFoundException")


def main():
    folder = tempfile.mkdtemp()
    try:
        with served.Sandbox(sys.argv[1:], 60) as sandbox:
            judge(sandbox, folder)
    except AssertionError as difference:
        raise SystemExit(f"Node.js sees something else: {difference}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("the functions do in Node.js, with the real SDK, what they should")


if __name__ == "__main__":
    main()
