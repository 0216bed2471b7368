#!/usr/bin/env python3
"""The same calls against the sandbox, moto and ministack, and who is right where they differ.

    python3 -m venv judges && judges/bin/pip install boto3==1.43.11 'moto[server]==5.2.1' ministack==1.5.33
    cargo build && PATH=$PWD/judges/bin:$PATH python3 tests/judges/compare.py

Writes differences.md beside this file. A call on which not all agree needs a verdict in compare_verdicts.py, with its
source; without one, or with one that no call needs, the comparison fails. `--sandbox` runs the sandbox alone and fails
when one of its answers is no longer the recorded one. Everything listens on 127.0.0.1 only.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import boto3
import botocore.exceptions
import served
from compare_calls import CALLS
from compare_verdicts import VERDICTS

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "differences.md")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """A server that is started with a port, and answers when it listens."""

    def __init__(self, name, command, environment):
        self.name, self.command, self.environment = name, command, environment

    def __enter__(self):
        program = shutil.which(self.name if self.name == "ministack" else "moto_server")
        if not program:
            sys.exit(f"{self.name} is not installed; see the top of this file")
        self.port, self.folder = free_port(), tempfile.TemporaryDirectory()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**os.environ, **self.environment(self.port), "HOME": self.folder.name}
        self.process = subprocess.Popen([program, *self.command(self.port)], cwd=self.folder.name, env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.1)
        sys.exit(f"{self.name} does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.folder.cleanup()


def moto():
    return Emulator("moto", lambda port: ["-H", "127.0.0.1", "-p", str(port)], lambda port: {})


def ministack():
    return Emulator("ministack", lambda port: [], lambda port: {
        "IOT_MTLS_ENABLED": "0", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)})


class Run:
    """One run of all calls, in order, at one endpoint; what earlier calls answered can be used by later ones."""

    def __init__(self, url):
        self.url, self.clients, self.kept, self.answers = url, {}, {}, {}

    def client(self, service, region):
        if (service, region) not in self.clients:
            more = {"retries": {"max_attempts": 1, "mode": "standard"}, "read_timeout": 20, "parameter_validation": False}
            self.clients[service, region] = boto3.client(service, **served.options(self.url, region, more))
        return self.clients[service, region]

    def fill(self, value):
        """Puts what was kept in the place of `$name`."""
        if isinstance(value, str):
            for name, kept in self.kept.items():
                value = value.replace(f"${name}", str(kept))
            return value
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return value

    def make(self, call):
        try:
            client = self.client(call.service, call.region)
            read = getattr(client, call.operation)(**self.fill(call.given))
            if call.wait:
                name, given = call.wait
                client.get_waiter(name).wait(**self.fill(given), WaiterConfig={"Delay": 0.2, "MaxAttempts": 50})
            for name, path in call.keep.items():
                self.kept[name] = path(read)
            return call.show(read) if call.show else "ok"
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        except botocore.exceptions.WaiterError as error:
            return f"the waiter fails: {error}"[:70]
        except (KeyError, IndexError, TypeError) as error:
            return f"the answer lacks {error}"[:70]
        except Exception as error:
            return type(error).__name__

    def all(self):
        for call in CALLS:
            self.answers[call.title] = str(self.make(call)).replace("|", "/").replace("\n", " ")
        return self.answers


def table(ours, motos, ministacks):
    lines = [
        "# The same calls against the sandbox, moto and ministack", "",
        "Written by `tests/judges/compare.py` (moto 5.2.1, ministack 1.5.33, boto3 1.43.11): the code of an error, or what",
        "the call is asked for. Where all agree there is no verdict. A verdict names who is right, and its source: AWS's",
        "documentation, or where that says nothing, a public issue that quotes AWS's answer. No call was made to AWS.", "",
        "| Call | Sandbox | moto | ministack | Verdict |", "|---|---|---|---|---|",
    ]
    failures = []
    for call in CALLS:
        title = call.title
        answers = ours[title], motos[title], ministacks[title]
        verdict = ""
        if len(set(answers)) > 1:
            verdict = VERDICTS.get(title, "")
            if not verdict:
                failures.append(f"{title}: no verdict: {answers}")
        lines.append(f"| {title} | {' | '.join(answers)} | {verdict} |")
    needless = set(VERDICTS) - {c.title for c in CALLS if len({ours[c.title], motos[c.title], ministacks[c.title]}) > 1}
    failures += [f"{title}: a verdict that nothing needs" for title in sorted(needless)]
    alike = sum(1 for call in CALLS if ours[call.title] == motos[call.title] == ministacks[call.title])
    lines += ["", f"{len(CALLS)} calls; {alike} answered alike by all three."]
    return "\n".join(lines) + "\n", failures


def recorded():
    """The sandbox's answers in the table that is checked in."""
    with open(TABLE) as file:
        rows = [line.strip().strip("|").split(" | ") for line in file if line.startswith("| ") and not line.startswith("| Call ")]
    return {row[0].strip(): row[1].strip() for row in rows}


def main():
    titles = [call.title for call in CALLS]
    assert len(set(titles)) == len(titles), [title for title in titles if titles.count(title) > 1]
    with served.Sandbox([], 3000) as world:
        ours = Run(world.url).all()
    if "--sandbox" in sys.argv:
        before = recorded()
        failures = [f"{title}: {answer}; recorded: {before.get(title)}" for title, answer in ours.items() if before.get(title) != answer]
    else:
        with moto() as one:
            motos = Run(one.url).all()
        with ministack() as other:
            ministacks = Run(other.url).all()
        text, failures = table(ours, motos, ministacks)
        with open(TABLE, "w") as file:
            file.write(text)
    for failure in failures:
        print(failure)
    print(f"{len(CALLS)} calls, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
