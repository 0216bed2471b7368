"""The program as the judges start it: a command in a state directory, or `sandbox serve` beside them."""

import contextlib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The same seed gives the same names.
SEED = "7"


def program():
    """The program that the first argument names; else the one that was built, release before debug."""
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1]).resolve()
    for profile in ["release", "debug"]:
        path = ROOT / "target" / profile / "workshop"
        if path.exists():
            return path
    sys.exit("build the program first: cargo build")


def workshop(state, *arguments, accepts=(0,), **options):
    """What a command prints. Another exit code than those accepted ends the judge."""
    command = [program(), "--state", state, "--seed", SEED, *arguments]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, **options)
    if done.returncode not in accepts:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}")
    return done.stdout


@contextlib.contextmanager
def serving(state, speed):
    """`sandbox serve` while the block runs: the addresses of the AWS API and of the shop for a browser."""
    command = [program(), "--state", state, "--seed", SEED, "--speed", str(speed), "sandbox", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        found = []
        while len(found) < 2:
            line = process.stdout.readline()
            if not line:
                sys.exit(f"{' '.join(map(str, command))} did not say where it serves")
            # The lines to paste repeat the first address.
            found += [one for one in re.findall(r"http://127\.0\.0\.1:\d+", line) if one not in found]
        yield found
    finally:
        process.terminate()
        process.wait()
