#!/usr/bin/env python3
"""Judges the exported script (T11): run by the real AWS CLI against the loopback endpoint, it builds what the guide builds.

    export.py [PROGRAM]          default: target/release/workshop, or target/debug/workshop

Two simulated accounts with the same seed, and so the same names: in one `workshop run m4` builds the bookstore, in the
other `workshop content export --bash` with `aws` does. Then both must hold the same things. After the script's last two
modules nothing may be left. Needs `aws`. Exits with 1 when the judgement is no.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from program import SEED, program, serving, workshop

# Simulated seconds per second: a stack of twelve minutes is there when the AWS CLI looks for the first time after 30 s.
SPEED = 240
ACCOUNT = "111122223333"
# Seconds of the wall for everything. Most of it is the AWS CLI's own 30 s between two looks at a stack: 7 minutes in all on
# a quiet machine; a build beside it takes its share.
LIMIT = 1200


def named(key):
    """A name of the run as it is; what AWS numbers, by what it is."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=[-/])[0-9a-z]{10,}$|\b[0-9A-Z]{10,}\b|\b[0-9a-f]{8,}\b|(?<=\d_)[0-9A-Za-z]{9}\b",
                  "#", key)


def held(state):
    """What the account holds, as counts of names, and the objects of its buckets."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "world.json"
        workshop(state, "sandbox", "snapshot", file)
        # A line about the snapshot stands before the world.
        world = json.loads(file.read_text().split("\n", 1)[1])
    account = world["accounts"][ACCOUNT]
    # What has happened is no thing: these say how it came to be.
    history = {"change_sets", "changes", "customs", "inbox", "requests", "series", "tokens"}
    found = {}

    def add(where, value):
        for collection, things in value.items():
            if isinstance(things, dict) and collection not in history:
                for key in things:
                    name = f"{where}/{collection}/{named(key)}"
                    found[name] = found.get(name, 0) + 1

    for region, services in account["regions"].items():
        for service, state in services.items():
            add(f"{region}/{service}", state)
    for service in ["iam", "route53", "cloudfront"]:
        add(service, account[service])
    for name, bucket in world["buckets"].items():
        for key, versions in bucket["objects"].items():
            # The guide's own note of the run is none of the pages' things.
            if not versions[-1]["delete_marker"] and key != "workshop-run.json":
                # The page's settings hold identifiers that AWS has drawn.
                etag = "" if key == "config.json" else versions[-1]["etag"]
                # CodePipeline draws the names of its artifacts.
                place = f"s3/{name}/{re.sub(r'(?<=/)[0-9a-z]{7}[.]zip$', 'ARTIFACT.zip', key)} {etag}"
                found[place] = found.get(place, 0) + 1
    return found


def differences(one, other):
    keys = sorted(set(one) | set(other))
    return [f"{key}: {one.get(key, 0)} by the guide, {other.get(key, 0)} by the script" for key in keys
            if one.get(key, 0) != other.get(key, 0)]


def main():
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        guide, script, export = folder / "guide", folder / "script", folder / "export"
        workshop(guide, "run", "m4")
        settings = next(guide.glob("**/settings.json"))
        suffix = json.loads(settings.read_text())["vars"]["suffix"]
        expected = held(guide)
        workshop(script, "content", "export", "--bash", "--out", export)
        with serving(script, SPEED) as (url, _):
            environment = {
                **os.environ, "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox",
                "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true", "VARS_SUFFIX": suffix, "POLL": "2",
                "WORKSHOP": f"{program()} --state {script} --seed {SEED}",
            }

            def run(*modules):
                left = LIMIT - (time.monotonic() - begun)
                said = folder / "said.txt"
                with said.open("w") as out:
                    running = subprocess.Popen([export / "run.sh", *modules], env=environment, stdout=out,
                                               stderr=subprocess.STDOUT, start_new_session=True)
                try:
                    code = running.wait(timeout=left)
                except subprocess.TimeoutExpired:
                    # The script's own commands go with it: they are a group of their own.
                    os.killpg(running.pid, signal.SIGTERM)
                    code = f"none within {LIMIT} s"
                print(f"{' '.join(modules)}: exit {code} after {time.monotonic() - begun:.0f} s", flush=True)
                if code:
                    sys.exit("\n".join(said.read_text().splitlines()[-20:]))

            run("m0", "m1", "m2", "m3", "m4")
            wrong = differences(expected, held(script))
            print(f"{len(expected)} names by the guide, {len(wrong)} differ", *wrong[:40], sep="\n  ")
            if wrong:
                return 1
            run("m5", "m6")
            left = json.loads(workshop(script, "sandbox", "status"))["resources"]
            print(f"left: {left}")
            return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
