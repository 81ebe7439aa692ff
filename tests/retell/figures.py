#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the figures of a page what its commands print today? figures.py ROLLSIM SOURCE_DIR PAGE.

A block begins with `<!-- run: COMMAND -->` (shown indented) or `<!-- table: COMMAND -->` (shown as it is) and ends with
`<!-- end -->`. Commands run in the project's folder with rollsim on the PATH. With UPDATE=1 in the environment the blocks are
written anew; look at the change before you keep it."""
import os
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"<!-- (run|table): (.*?) -->\n(.*?)<!-- end -->\n", re.S)


def main():
    rollsim, source, page = sys.argv[1:]
    text = open(page, encoding="utf-8").read()
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(rollsim, os.path.join(folder, "rollsim"))
        env = dict(os.environ, PATH=folder + ":" + os.environ["PATH"], LC_ALL="C.UTF-8")

        def fresh(found):
            kind, command = found.group(1), found.group(2)
            out = subprocess.run(command, shell=True, cwd=source, env=env, stdout=subprocess.PIPE, check=True).stdout.decode()
            before = "    " if kind == "run" else ""
            lines = [(before + line).rstrip() for line in out.rstrip("\n").split("\n")]
            gap = "\n" if kind == "table" else ""
            return "<!-- %s: %s -->\n%s%s\n\n<!-- end -->\n" % (kind, command, gap, "\n".join(lines))

        made, n = BLOCK.subn(fresh, text)
    if n == 0:
        sys.exit("%s has no block" % page)
    if os.environ.get("UPDATE"):
        open(page, "w", encoding="utf-8").write(made)
    elif made != text:
        for old, new in zip(text.split("\n"), made.split("\n")):
            if old != new:
                sys.exit("%s says\n%s\nand its command prints\n%s" % (page, old, new))
        sys.exit("%s is longer or shorter than what its commands print" % page)


main()
