#!/usr/bin/env python3
"""Compares `workshop reset` with a plain clean-up script: the same bookstore, built once, taken away twice.

    cleanup.py [PROGRAM]         default: target/release/workshop, or target/debug/workshop

The script does what people write: one AWS CLI command after the other, each waited for with the CLI's own waiters, against
the loopback endpoint. It knows the order of Module 6 already; what it lacks is that things go at the same time, a proof,
and a way to go on after it was stopped. The AWS CLI runs inside this process, and its pauses are those of the simulated
time, so that neither its start nor the speed of the simulation counts. Prints both side by side. Exits with 1 when the
reset leaves something, or takes longer.
"""
import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import time

import botocore.waiter
from awscli.clidriver import create_clidriver

from program import serving, workshop

# Simulated seconds per second. A call takes some 20 ms, which are then a second, as they are in reality.
SPEED = 60
R1, R2, GLOBAL = "eu-west-1", "ap-southeast-1", "us-east-1"
# The pause between two looks where the CLI has no waiter, in simulated seconds; the CLI's own is 30 for stacks.
PAUSE = 15


def pause(seconds):
    time.sleep(seconds / SPEED)


class Cli:
    """The AWS CLI, as a function."""

    def __init__(self):
        self.calls = 0
        self.refused = []

    def __call__(self, *words):
        driver = create_clidriver()
        driver.session.register("before-send.*", self.count)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = driver.main([*words, "--output", "json"])
            except SystemExit as ended:
                code = ended.code
        if code:
            self.refused.append(f"{' '.join(words[:2])}: {err.getvalue().strip().splitlines()[-1:]}")
            return None
        return json.loads(out.getvalue() or "null")

    def count(self, **_):
        self.calls += 1

    def until(self, *words, gone):
        """Asks again and again until the answer says that it is gone."""
        while True:
            answer = self(*words)
            if answer is None:
                self.refused.pop()
                return
            if gone(answer):
                return
            pause(PAUSE)


def script(aws, run):
    """One thing after the other."""
    name = lambda kind: f"bookstore-{kind}-{run}"
    domain = f"{run}.bookstore.test"
    zones = aws("route53", "list-hosted-zones", "--region", GLOBAL)["HostedZones"]
    zone = next(one["Id"] for one in zones if one["Name"] == f"{domain}.")
    sets = aws("route53", "list-resource-record-sets", "--hosted-zone-id", zone, "--region", GLOBAL)
    for record in sets["ResourceRecordSets"]:
        if record["Type"] not in ("NS", "SOA"):
            batch = json.dumps({"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]})
            aws("route53", "change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch", batch,
                "--region", GLOBAL)
    for check in aws("route53", "list-health-checks", "--region", GLOBAL)["HealthChecks"]:
        aws("route53", "delete-health-check", "--health-check-id", check["Id"], "--region", GLOBAL)
    for region in [R1, R2]:
        aws("apigateway", "delete-domain-name", "--domain-name", f"*.{domain}", "--region", region)
        pause(31)
    for region in [R1, R2]:
        for one in aws("acm", "list-certificates", "--region", region)["CertificateSummaryList"]:
            aws("acm", "delete-certificate", "--certificate-arn", one["CertificateArn"], "--region", region)
    aws("route53", "delete-hosted-zone", "--id", zone, "--region", GLOBAL)
    replica = name("replica")
    where = ["--db-cluster-identifier", replica, "--region", R2]
    aws("rds", "promote-read-replica-db-cluster", *where)
    aws.until("rds", "describe-db-clusters", *where, gone=lambda answer: answer["DBClusters"][0]["Status"] == "available"
              and not answer["DBClusters"][0].get("ReplicationSourceIdentifier"))
    aws("rds", "delete-db-instance", "--db-instance-identifier", f"{replica}-1", "--skip-final-snapshot", "--region", R2)
    aws("rds", "wait", "db-instance-deleted", "--db-instance-identifier", f"{replica}-1", "--region", R2)
    aws("rds", "delete-db-cluster", "--skip-final-snapshot", *where)
    aws("rds", "wait", "db-cluster-deleted", *where)
    aws("s3api", "delete-bucket-replication", "--bucket", f"bookstore-site-{run}-r1", "--region", R1)
    bucket(aws, f"bookstore-site-{run}-r2", R2, True)
    stack(aws, name("shop"), R2)
    stack(aws, name("blog"), R2)
    for table in ["Books", "Orders", "Cart"]:
        where = ["--table-name", f"bookstore-{run}-{table}", "--region", R1]
        aws("dynamodb", "update-table", "--replica-updates", json.dumps([{"Delete": {"RegionName": R2}}]), *where)
        aws.until("dynamodb", "describe-table", *where, gone=lambda answer: not answer["Table"].get("Replicas"))
    bucket(aws, f"bookstore-site-{run}-r1", R1, False)
    for kind, region in [("shop", R1), ("blog", R1), ("network", R1), ("network", R2)]:
        stack(aws, name(kind), region)
    bucket(aws, f"bookstore-artifacts-{run}-r1", R1, True)
    bucket(aws, f"bookstore-artifacts-{run}-r2", R2, True)


def stack(aws, name, region):
    aws("cloudformation", "delete-stack", "--stack-name", name, "--region", region)
    aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", name, "--region", region)


def bucket(aws, name, region, delete):
    found = aws("s3api", "list-object-versions", "--bucket", name, "--region", region) or {}
    keys = [{"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in found.get("Versions", []) + found.get("DeleteMarkers", [])]
    for at in range(0, len(keys), 1000):
        batch = json.dumps({"Objects": keys[at:at + 1000], "Quiet": True})
        aws("s3api", "delete-objects", "--bucket", name, "--delete", batch, "--region", region)
    if delete:
        aws("s3api", "delete-bucket", "--bucket", name, "--region", region)


def status(state):
    return json.loads(workshop(state, "sandbox", "status"))


def by_script(state, snapshot, run):
    workshop(state, "sandbox", "restore", snapshot)
    with serving(state, SPEED) as (url, _):
        os.environ.update(AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID="sandbox", AWS_SECRET_ACCESS_KEY="sandbox", AWS_PAGER="",
                          AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null",
                          AWS_EC2_METADATA_DISABLED="true")
        botocore.waiter.time = type("Time", (), {"sleep": staticmethod(pause)})
        aws, before = Cli(), status(state)
        script(aws, run)
        after = status(state)
        return (after["now"] - before["now"]) / 1000, aws.calls, after["resources"], aws.refused


def by_reset(state):
    told = workshop(state, "reset", "--approve", "delete", "--json", accepts=(0, 1)).splitlines()
    summary = json.loads(told[-1])
    rows = [json.loads(line) for line in pathlib.Path(summary["report"]).with_name("journal.ndjson").read_text().splitlines()]
    begun = next(row["at"] for row in rows if row["event"] == "seat-started")
    gone = max(row["at"] for row in rows if row["event"] == "node" and row["state"]["is"] == "gone")
    done = next(row for row in rows if row["event"] == "seat-done")
    refused = sum(1 for row in rows if row["event"] == "asked" and row.get("refused"))
    left = status(state)["resources"]
    span = (gone - begun) / 1000
    return span, summary["seconds"], done["reads"] + done["changes"], left, refused, summary["verdict"]


def main():
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        state, other, snapshot = folder / "reset", folder / "script", folder / "world"
        workshop(state, "run", "m4")
        run = json.loads(next(state.glob("**/settings.json")).read_text())["vars"]["suffix"]
        workshop(state, "sandbox", "snapshot", snapshot)
        print(f"built after {time.monotonic() - begun:.0f} s", flush=True)
        span, whole, calls, left, refused, verdict = by_reset(state)
        print(f"reset after {time.monotonic() - begun:.0f} s", flush=True)
        slow, asked, remains, refusals = by_script(other, snapshot, run)
        print(f"script after {time.monotonic() - begun:.0f} s\n", flush=True)
        rows = [
            ("", "script", "reset"),
            ("simulated min until all is gone", f"{slow / 60:.0f}", f"{span / 60:.0f}"),
            ("  with the proof", "no proof", f"{whole / 60:.0f}"),
            ("calls", asked, calls),
            ("refused", len(refusals), refused),
            ("things left", remains, left),
            ("verdict", "none", verdict),
        ]
        for row in rows:
            print(f"{row[0]:<34}{row[1]:>10}{row[2]:>10}")
        print(*refusals, sep="\n")
        return 0 if left == 0 and span < slow else 1


if __name__ == "__main__":
    sys.exit(main())
