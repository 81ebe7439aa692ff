#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""schema.py SCHEMA DOCUMENT: holds a JSON document against a schema of ours; every breach is a line. Python's own library only.

It knows the keywords that docs/*.schema.json use and stops at any other, so that none is passed over in silence."""
import json
import sys

KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "enum", "const", "required", "properties",
         "additionalProperties", "items", "minimum", "maximum", "anyOf", "oneOf"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def has_type(value, name):
    if name in ("integer", "number"):
        number = isinstance(value, int) or (name == "number" and isinstance(value, float))
        return number and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def same(a, b):  # 1 is not true
    return type(a) is type(b) and a == b


def check_object(value, schema, root, at):
    for key in schema.get("required", []):
        if key not in value:
            yield f"{at}: no key {key}"
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in properties:
            yield from breaches(item, properties[key], root, f"{at}.{key}")
        elif more is False:
            yield f"{at}: unknown key {key}"
        elif more is not True:
            yield from breaches(item, more, root, f"{at}.{key}")


def check_number(value, schema, at):
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{at}: {value} is below {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{at}: {value} is above {schema['maximum']}"


def check_choice(value, schema, root, at):
    for word in ("anyOf", "oneOf"):
        if word not in schema:
            continue
        found = [list(breaches(value, s, root, at)) for s in schema[word]]
        n = sum(not f for f in found)
        if n == 0:
            yield from min(found, key=len)
        elif n > 1 and word == "oneOf":
            yield f"{at}: fits {n} of oneOf"


def breaches(value, schema, root, at="$"):
    strange = set(schema) - KNOWN
    if strange:
        sys.exit(f"schema.py does not know {', '.join(sorted(strange))}")
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from breaches(value, target, root, at)
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if types and not any(has_type(value, t) for t in types):
        yield f"{at}: {json.dumps(value)[:60]} is not of type {' or '.join(types)}"
        return
    if "enum" in schema and not any(same(value, e) for e in schema["enum"]):
        yield f"{at}: {json.dumps(value)[:60]} is none of {schema['enum']}"
    if "const" in schema and not same(value, schema["const"]):
        yield f"{at}: {json.dumps(value)[:60]} is not {schema['const']}"
    yield from check_choice(value, schema, root, at)
    if isinstance(value, dict):
        yield from check_object(value, schema, root, at)
    elif isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            yield from breaches(item, schema["items"], root, f"{at}[{i}]")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from check_number(value, schema, at)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        document = json.load(f)
    found = list(breaches(document, schema, schema))
    print(*found[:20], sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)


main()
