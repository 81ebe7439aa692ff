# SPDX-License-Identifier: GPL-3.0-or-later
"""What configs.txt says of each file, measured anew with `amtool check-config` of every release that is there.

    am_configs.py LIST
"""
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import am_real


def entries(path):
    """[(name, mask, text)]"""
    out = []
    with open(path) as f:
        for line in f:
            if line.startswith("== "):
                name, mask = line.split()[1:3]
                out.append([name, mask, ""])
            elif out:
                out[-1][2] += line
    return out


def check(job):
    path, file = job
    told = subprocess.run([path, "check-config", file], capture_output=True, text=True)
    return told.returncode == 0, told.stdout + told.stderr


def main():
    found = entries(sys.argv[1])
    order = [version for _, version in am_real.SUITES]
    n, wrong = 0, 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        for k, (name, mask, text) in enumerate(found):
            with open(os.path.join(folder, "%d.yml" % k), "w") as f:
                f.write(text)
        for version, path in am_real.programs("amtool"):
            jobs = [(path, os.path.join(folder, "%d.yml" % k)) for k in range(len(found))]
            for (name, mask, _), (accepted, said) in zip(found, pool.map(check, jobs)):
                n += 1
                if accepted != (mask[order.index(version)] == "+"):
                    wrong += 1
                    print("%s: %s by %s, the list says %s\n%s" %
                          (name, "accepted" if accepted else "refused", version, mask, said[-300:]))
    print("%d verdicts of amtool on %d files, %d not as listed" % (n, len(found), wrong))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
