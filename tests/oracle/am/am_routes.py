# SPDX-License-Identifier: GPL-3.0-or-later
"""Routing: random route trees and label sets through `amtool config routes test` of every release and through am_run.

    am_routes.py AM_RUN [SEED [TREES]]
"""
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import am_real

NAMES = ["a", "b", "team", "severity"]
NEW_NAMES = ["a.b", "ä", "with space"]  # only in matchers of the newer form
VALUES = ["x", "y", "xy", "page", "x,y", 'q"q', "back\\slash", "ü", "x y", "1"]
PATTERNS = ["x.*", "x|y", "(x|y)+", ".+", ".*", "", "p[a-z]{3}", "[^x]", "x?y", "\\\\d+", "\\\\w+", "(?i)PAGE"]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def matcher(rng, new):
    """A text of one matcher in one of the ways people write it."""
    op = rng.choice(["=", "!=", "=~", "!~"])
    name = rng.choice(NAMES + (NEW_NAMES if new and rng.random() < 0.4 else []))
    is_pattern = op in ("=~", "!~")
    value = rng.choice(PATTERNS if is_pattern else VALUES + [""])
    written = '"' + value + '"' if is_pattern else quoted(value)
    if value and not set(value) & set(' ,"{}\\()|[]?*+^~!=') and rng.random() < 0.5:
        written = value
    if name in NEW_NAMES and (name == "with space" or rng.random() < 0.5):
        name = quoted(name)
    blank = rng.choice(["", "", " "])
    return name + blank + op + blank + written


def matchers(rng, new):
    if rng.random() < 0.08:  # odd texts, on which the two grammars may differ
        return rng.choice(["a=x=y", "a=\"x\\\\ty\"", "{a=x", "a=x}", "a==x", "a=!x", "", "{}", "a=x,", "{a=x,}", "a=~x~y",
                           "a='x'", "{ a = x }" if new else "a = x", "a=x\\\\y", "a=", "a=~", "a=~[xy]", "a=~(x|y)"])
    body = ",".join(matcher(rng, new) for _ in range(rng.choice([1, 1, 1, 2])))
    return "{" + body + "}" if rng.random() < 0.3 else body


def yaml_text(text):
    return "'" + text.replace("'", "''") + "'"


def tree(rng, new, depth, count, names):
    """The lines of a list of routes."""
    lines = []
    for _ in range(count):
        names.append("r%d" % len(names))
        body = ["receiver: " + names[-1]] if rng.random() < 0.85 else []
        how = rng.random()
        if how < 0.75:
            body.append("matchers: [%s]" % ", ".join(yaml_text(matchers(rng, new)) for _ in range(rng.choice([1, 1, 2]))))
        elif how < 0.85:
            body.append("match: {%s: %s}" % (rng.choice(NAMES), yaml_text(rng.choice(VALUES))))
        elif how < 0.95:
            body.append("match_re: {%s: %s}" % (rng.choice(NAMES), yaml_text(rng.choice(PATTERNS).replace("\\\\", "\\"))))
        if rng.random() < 0.4:
            body.append("continue: true")
        body = body or ["continue: false"]
        lines += ["- " + body[0]] + ["  " + line for line in body[1:]]
        if depth > 0 and rng.random() < 0.6:
            lines.append("  routes:")
            lines += ["  " + line for line in tree(rng, new, depth - 1, rng.randint(1, 3), names)]
    return lines


def config(rng, new):
    names = ["root"]
    lines = tree(rng, new, 2, rng.randint(2, 5), names)
    return ("route:\n  receiver: root\n  routes:\n" + "".join("  %s\n" % line for line in lines) +
            "receivers:\n" + "".join("- name: %s\n" % n for n in names))


def label_set(rng, new):
    names = NAMES + (NEW_NAMES if new else [])
    return {n: rng.choice(VALUES) for n in names if rng.random() < 0.6}


def ask_real(path, file, labels):
    """Receivers, or None where the configuration is refused."""
    words = ["%s=%s" % (quoted(n) if n in NEW_NAMES else n, quoted(v)) for n, v in sorted(labels.items())]
    told = subprocess.run([path, "config", "routes", "test", "--config.file=" + file] + words,
                          capture_output=True, text=True)
    return told.stdout.strip().splitlines()[-1] if told.returncode == 0 else "refused: " + told.stderr[-200:]


def ask_ours(am_run, version, file, sets, folder):
    path = os.path.join(folder, "sets")
    with open(path, "w") as f:
        for labels in sets:
            f.write("\t".join("%s=%s" % kv for kv in sorted(labels.items())) + "\n")
    told = subprocess.run([am_run, "routes", version, file, path], capture_output=True, text=True)
    if told.returncode != 0:
        return ["refused: " + told.stderr] * len(sets)
    return told.stdout.splitlines()


def main():
    am_run, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    n_tree = int(sys.argv[3]) if len(sys.argv) > 3 else 600 if os.environ.get("ROLLSIM_ORACLE_LONG") else 60
    n_set, n_case, wrong, refused = 4, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        file = os.path.join(folder, "am.yml")
        for version, path in am_real.programs("amtool"):
            rng = random.Random(seed)
            for t in range(n_tree):
                new = version != "0.25" and t % 2 == 1
                text = config(rng, new)
                with open(file, "w") as f:
                    f.write(text)
                sets = [label_set(rng, new) or {"a": "x"} for _ in range(n_set)]
                real = list(pool.map(lambda s: ask_real(path, file, s), sets))
                ours = ask_ours(am_run, version, file, sets, folder)
                for labels, r, o in zip(sets, real, ours):
                    n_case += 1
                    refused += r.startswith("refused")
                    if r != o and not (r.startswith("refused") and o.startswith("refused")):
                        wrong += 1
                        print("%s differs for %s\n  real: %s\n  ours: %s\n%s" % (version, labels, r, o, text))
    print("%d label sets through %d trees and every release: %d refused by both, %d differ" %
          (n_case, n_tree, refused, wrong))
    sys.exit(wrong > 0 or refused * 2 > n_case)


if __name__ == "__main__":
    main()
