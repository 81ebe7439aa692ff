#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/retold-incidents.md: table.py DOCUMENT... prints a row of figures for each; rollsim is on the PATH."""
import json
import subprocess
import sys

HEAD = ("recording", "rules", "faults caught", "minutes to detect, median (range)", "false alarms", "fault-free days")


def minutes(score):
    if score["median_minutes"] is None:
        return "-"
    return "%.1f (%.1f to %.1f)" % (score["median_minutes"], score["least_minutes"], score["most_minutes"])


def caught(score):
    if score["incidents"] == 0:
        return "-"
    low, high = score["caught_interval"]
    return "%d of %d [%.0f%%, %.0f%%]" % (score["caught"], score["incidents"], 100 * low, 100 * high)


def main():
    print("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
    for path in sys.argv[1:]:
        told = subprocess.run(["rollsim", "tune", path, "--json"], stdout=subprocess.PIPE, check=True).stdout
        result = json.loads(told)
        for which, name in (("today", "shipped"), ("chosen", "tuned")):
            score = result[which]["figures"]
            print("| %s | %s | %s | %s | %d | %.2f |" % (result["recording"], name, caught(score), minutes(score),
                                                     score["false_alarms"], result["fault_free_days"][1]))


main()
