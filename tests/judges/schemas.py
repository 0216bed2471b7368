#!/usr/bin/env python3
"""Judges the JSON Schemas in modules/schema: every file of the bookstore is valid, and spoilt ones are not.

Needs jsonschema and PyYAML. Prints what it judged; exits with 1 when the judgement is no.
"""
import copy
import json
import pathlib
import sys

import yaml
from jsonschema import Draft202012Validator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOOKSTORE = ROOT / "modules" / "bookstore"


class Texts(yaml.SafeLoader):
    """YAML as the loader reads it: what looks like a date is a text."""


Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def validator(kind):
    schema = json.loads((ROOT / "modules" / "schema" / f"{kind}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def files(kind):
    """The data of every file of a kind."""
    patterns = {
        "workshop": "workshop.yaml",
        "module": "*/module.yaml",
        "step": "*/*.md",
        "checks": "checks.yaml",
        "glossary": "glossary.yaml",
        "test": "*/tests/*.yaml",
    }
    for path in sorted(BOOKSTORE.glob(patterns[kind])):
        text = path.read_text()
        if kind == "step":
            text = text.split("\n---\n", 1)[0].removeprefix("---\n")
        yield path, yaml.load(text, Texts)


def spoilt(kind, data):
    """The same data, each time with one mistake."""
    unknown = copy.deepcopy(data)
    unknown["unknwon"] = ["a mistake"]
    yield "an unknown key", unknown
    first = {"step": "title", "glossary": "format"}.get(kind, "format")
    missing = copy.deepcopy(data)
    del missing[first]
    yield f"no {first}", missing
    if kind == "step" and data.get("checks"):
        twice = copy.deepcopy(data)
        twice["checks"][0]["titel"] = "x"
        yield "an unknown key in a check", twice
    if kind == "module":
        late = copy.deepcopy(data)
        late["time"] = {"p50": "soon", "p95": "later"}
        yield "a time that is none", late
    if kind == "test" and "cases" in data:
        wrong = copy.deepcopy(data)
        wrong["cases"][0]["expect"] = {"check": "m1.a/b", "is": "maybe"}
        yield "an outcome that is none", wrong


def main():
    wrong = []
    for kind in ["workshop", "module", "step", "checks", "glossary", "test"]:
        judge, valid, refused = validator(kind), 0, 0
        for path, data in files(kind):
            errors = list(judge.iter_errors(data))
            wrong += [f"{path.relative_to(ROOT)}: {error.json_path}: {error.message[:200]}" for error in errors]
            valid += not errors
            for what, mistaken in spoilt(kind, data):
                if judge.is_valid(mistaken):
                    wrong.append(f"{path.relative_to(ROOT)}: with {what} it is still valid")
                refused += 1
        if not valid:
            wrong.append(f"there is no valid file of the kind {kind}")
        print(f"{kind}: {valid} files valid, {refused} spoilt ones judged")
    print("\n".join(wrong) if wrong else "the schemas hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
