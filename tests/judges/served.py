"""The sandbox as the judges meet it: `workshop sandbox serve` on a free port of 127.0.0.1, with a state of its own."""

import os
import re
import shutil
import subprocess
import tempfile

import boto3
import botocore.session
from botocore import xform_name
from botocore.config import Config

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Sandbox:
    """A served sandbox, from `with` to its end."""

    def __init__(self, arguments, speed):
        self.binary = arguments[0] if arguments else os.path.join(ROOT, "target", "debug", "workshop")
        self.speed = speed

    def __enter__(self):
        self.state = tempfile.mkdtemp()
        # Nothing of whoever runs this may leak in: no profile, no real key.
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.environment.update(AWS_ACCESS_KEY_ID="sandbox", AWS_SECRET_ACCESS_KEY="sandbox", AWS_PAGER="",
                                AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
        command = [self.binary, "--state", self.state, "--speed", str(self.speed), "sandbox", "serve", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.environment)
        found = re.search(r"http://127\.0\.0\.1:\d+", self.process.stdout.readline())
        if not found:
            self.__exit__(None, None, None)
            raise SystemExit(f"{' '.join(command)} did not say where it serves")
        self.url = self.environment["AWS_ENDPOINT_URL"] = found.group()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()
        shutil.rmtree(self.state, ignore_errors=True)

    def client(self, service, region, **more):
        """A client of a Region; `more` goes into its botocore configuration."""
        return boto3.client(service, **options(self.url, region, more))

    def resource(self, service, region, **more):
        """The same as a resource."""
        return boto3.resource(service, **options(self.url, region, more))

    def simulated(self):
        """The operations that the program says it answers, as {service: {operation}} in the API's names."""
        told = subprocess.run([self.binary, "sandbox", "status", "--operations"], capture_output=True, text=True, check=True)
        session = botocore.session.Session()
        found = {}
        for line in told.stdout.splitlines():
            service, name = line.split()
            key = {"s3api": "s3"}.get(service, service)
            names = {xform_name(api, "-"): api for api in session.get_service_model(key).operation_names}
            found.setdefault(key, set()).add(names[name])
        return found


def options(url, region, more):
    """What a client or a resource of boto3 needs to ask that address, and never to leave this machine."""
    config = {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 2}, "connect_timeout": 5, "read_timeout": 30}
    return {"endpoint_url": url, "config": Config(**{**config, **more}), "region_name": region,
            "aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
