#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random small runbooks, searched by rollsim and by Spin: states, verdicts and lengths of shortest counterexamples agree.

spin_diff.py REACH_TOOL [N [SEED]]     (N is 30; ten times as many with ROLLSIM_ORACLE_LONG in the environment)

Each runbook is written twice: as a scenario, and as a Promela model whose guarded commands are unrolled from the same random
choices, by the meaning of the runbook (models/response), not by the code of verify/reach. Spin searches breadth first
(-DBFS). Exit status 77 where there is no spin or no C compiler.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

NAMES = ["WAITING", "ACTING", "WATCHING", "RAMPING", "CLOSING", "HELD", "HALTED", "STOPPED", "DONE"]
RULES = ("groups:\n  - name: g\n    rules:\n      - alert: Errors\n        expr: http_requests_total > 1\n"
         "      - alert: Other\n        expr: http_requests_total > 2\n")
ROUTES = "route: {receiver: pager}\nreceivers: [{name: pager}]\n"
MINUTES = {0: "0s", 10: "10s", 300: "5m", 1800: "30m"}


class Runbook:
    """One random runbook: only choices, in the words of the scenario."""

    def __init__(self, r):
        self.r = r
        self.flags = [{"on": r.random() < 0.3} for _ in range(r.randint(1, 3))]
        self.n_path = 2 if r.random() < 0.6 else 3
        self.roles = [{"attends": r.random() < 0.8, "to": 1 if r.random() < 0.5 else -1},
                      {"attends": r.random() < 0.7, "to": -1}]
        if not any(x["attends"] for x in self.roles):
            self.roles[0]["attends"] = True
        self.silent = r.random() < 0.2
        self.procs = [self.proc() for _ in range(r.choice([1, 2, 2, 3]))]
        self.auto = [i for i in range(len(self.procs)) if r.random() < 0.25]
        self.stages = [self.stage() for _ in range(r.randint(1, 5))]
        self.parts = []
        self.kind = r.choice(["never", "never", "always"])
        self.claim = self.predicate(2)
        for _ in range(20): # a claim that the first state breaks says little
            if self.holds_at_first(self.claim) == (self.kind == "always"):
                break
            self.parts = []
            self.claim = self.predicate(2)

    def chance(self, p):
        return self.r.random() < p

    def action(self, in_stage):
        r = self.r
        kind = r.choice(["set", "set", "set", "check", "remove", "document"])
        a = {"kind": kind, "blocking": not self.chance(0.2), "fails": 0.0, "overlooked": 0.0}
        if self.chance(0.2):
            a["fails"] = r.choice([0.3, 1.0])
        if self.chance(0.15):
            a["overlooked"] = r.choice([0.3, 1.0])
        if kind == "set":
            a.update(flag=r.randrange(len(self.flags)), on=self.chance(0.6), cohort=r.choice([-1, -1, 0, 1]),
                     percent=r.choice([100, 100, 50, 0]))
        elif kind == "check":
            a.update(requests=5, max_failures=r.choice([0, 0, 5]))
        elif kind == "remove":
            a.update(path=r.randrange(self.n_path))
        return a

    def proc(self):
        return {"by": self.r.choice([-1, 0, 0, 1]), "trigger": self.chance(0.7), "alerts": self.chance(0.6),
                "actions": [self.action(False) for _ in range(self.r.randint(1, 3))]}

    def order(self):
        then = self.r.choice(["rollback", "hold", "halt", "promote"])
        return then, self.r.randrange(len(self.procs)) if then == "rollback" else -1

    def stage(self):
        r = self.r
        s = {"by": r.choice([-1, 0, 0, 1]), "watch": r.choice([0, 10, 300, 1800]),
             "look": r.choice([0, 300, 600]), "gates": [], "watched": [], "ramp": [], "check": ("hold", -1),
             "entry": [self.action(True) for _ in range(r.randint(0, 3))],
             "closing": [self.action(True) for _ in range(r.randint(0, 2))], "hold": None}
        for _ in range(r.randint(0, 2)):
            then, p = self.order()
            s["gates"].append({"when": r.choice(["looks", "end", "continuous"]), "then": then, "proc": p})
        s["watched"] = [p for p in range(len(self.procs)) if self.chance(0.4)]
        if self.chance(0.7):
            s["check"] = self.order()
        if self.chance(0.3):
            s["rflag"] = r.randrange(len(self.flags))
            s["ramp"] = [(p, r.choice([0, 10, 1800])) for p in sorted(r.sample([0, 20, 60, 100], r.randint(1, 2)))]
        if self.chance(0.5):
            p = r.randrange(len(self.procs)) if self.chance(0.5) else -1
            s["hold"] = {"bounded": self.chance(0.7), "proc": p}
        return s

    def holds_at_first(self, p):
        if p[0] == "all":
            return all(self.holds_at_first(x) for x in p[1])
        if p[0] == "any":
            return any(self.holds_at_first(x) for x in p[1])
        if p[0] == "not":
            return not self.holds_at_first(p[1])
        if p[0] == "flag":
            return self.flags[p[1]]["on"] == (p[2] != "off")
        return {"path": p[-1] == "present", "rollout": p[-1] == "running"}.get(p[0], False)

    def predicate(self, depth):
        r = self.r
        kind = r.choice(["all", "any", "not"]) if depth > 0 and self.chance(0.75) else "leaf"
        if kind in ("all", "any"):
            return (kind, [self.predicate(depth - 1) for _ in range(r.randint(1, 3))])
        if kind == "not":
            return ("not", self.predicate(depth - 1))
        leaf = r.choice(["flag", "flag", "path", "stage", "rollout", "rollout", "down"])
        if leaf == "flag":
            return ("flag", r.randrange(len(self.flags)), r.choice(["on", "fully-on", "off"]))
        if leaf == "path":
            return ("path", r.randrange(self.n_path), r.choice(["present", "removed"]))
        if leaf == "stage":
            return ("stage", r.randrange(len(self.stages)))
        if leaf == "rollout":
            return ("rollout", r.choice(["running", "held", "halted", "completed", "rolled-back", "rolling-back"]))
        part = r.choice(["alerting", "flag-service", "role0", "role1"])
        if part not in self.parts:
            self.parts.append(part)
        return ("down", part)


# ---- as a scenario ----------------------------------------------------------------------------------------------------

def yaml_action(a):
    out = {"fails": a["fails"], "overlooked": a["overlooked"], "blocking": a["blocking"]}
    if a["kind"] == "set":
        out.update({"set": "F%d" % a["flag"], "to": a["on"], "percent": a["percent"]})
        if a["cohort"] >= 0:
            out["cohort"] = "c%d" % a["cohort"]
    elif a["kind"] == "check":
        out.update({"check": "smoke", "service": "web", "cohort": "c0", "requests": a["requests"],
                    "max_failures": a["max_failures"]})
    elif a["kind"] == "remove":
        out.update({"remove": "path%d" % a["path"], "service": "web"})
    else:
        out["document"] = "a note"
    return out


def yaml_order(then, p):
    return {"then": then, "procedure": "p%d" % p} if then == "rollback" else {"then": then}


def yaml_stage(k, s):
    out = {"name": "s%d" % k, "watch": MINUTES[s["watch"]], "actions": [yaml_action(a) for a in s["entry"]],
           "closing": [yaml_action(a) for a in s["closing"]], "check_fails": yaml_order(*s["check"]),
           "watched": ["p%d" % p for p in s["watched"]],
           "gates": [dict(name="g%d" % i, fail_if="http_requests_total > %d" % i, when=g["when"],
                          **yaml_order(g["then"], g["proc"])) for i, g in enumerate(s["gates"])]}
    if s["by"] >= 0:
        out["by"] = "role%d" % s["by"]
    if s["look"]:
        out["look_every"] = "%ds" % s["look"]
    if s["ramp"]:
        out["ramp"] = {"flag": "F%d" % s["rflag"], "steps": [{"percent": p, "watch": MINUTES[w]} for p, w in s["ramp"]]}
    if s["hold"]:
        out["on_hold"] = {"look_again": "5m"}
        if s["hold"]["bounded"]:
            p = s["hold"]["proc"]
            out["on_hold"].update({"at_most": "1h"}, **yaml_order("rollback" if p >= 0 else "halt", p))
    return out


def yaml_predicate(p):
    if p[0] in ("all", "any"):
        return {p[0]: [yaml_predicate(x) for x in p[1]]}
    if p[0] == "not":
        return {"not": yaml_predicate(p[1])}
    if p[0] == "flag":
        return {"flag": "F%d" % p[1], "is": p[2]}
    if p[0] == "path":
        return {"path": "path%d" % p[1], "service": "web", "is": p[2]}
    if p[0] == "stage":
        return {"stage": "s%d" % p[1]}
    return {p[0]: p[1]}


def scenario(b):
    roles = []
    for i, x in enumerate(b.roles):
        role = {"name": "role%d" % i, "acknowledge": "1m", "decide": "1m", "act": "10s",
                "attends": [{"channel": "pager", "sees": 0.9, "off_hours": True}] if x["attends"] else []}
        if x["to"] >= 0:
            role.update(escalates_to="role%d" % x["to"], escalates_after="5m")
        roles.append(role)
    procs = []
    for i, p in enumerate(b.procs):
        out = {"name": "p%d" % i, "actions": [yaml_action(a) for a in p["actions"]]}
        if p["by"] >= 0:
            out["by"] = "role%d" % p["by"]
        if p["trigger"]:
            out["trigger"] = "http_requests_total > 7"
        if p["alerts"]:
            out["alerts"] = ["Errors"]
        procs.append(out)
    paths = [{"name": "path%d" % i, "when": ["F0"] if i == 0 else [], "errors": {"500": 0.001}, "latency": "50ms"}
             for i in range(b.n_path)]
    return {
        "rollsim": 1, "name": "random", "starts_at": "2025-01-06T09:00:00Z", "horizon": "3d",
        "cohorts": [{"name": "c0", "population": 10}, {"name": "c1", "population": 10}],
        "flags": [{"name": "F%d" % i, "default": f["on"], "safe": False,
                   "propagation": {"streaming": {"delay": "1s"}}} for i, f in enumerate(b.flags)],
        "services": [{"name": "web", "instances": 1, "scrape": {"every": "15s"},
                      "metrics": {"requests": "http_requests_total"}, "paths": paths}],
        "traffic": [{"service": "web", "cohort": "c0", "profile": {"constant": {"per_s": 1}}}],
        "monitoring": {"evaluation_interval": "30s", "rules": ["rules.yml"], "alertmanager": "am.yml",
                       "channels": [{"name": "pager", "receiver": "pager", "delivery": "5s", "silent": b.silent}]},
        "roles": roles,
        "runbook": {"stages": [yaml_stage(k, s) for k, s in enumerate(b.stages)], "procedures": procs,
                    "automation": [{"name": "a%d" % p, "alert": "Other", "procedure": "p%d" % p, "delay": "1s"}
                                   for p in b.auto]},
        "claims": [{"name": "c", "says": "A random condition", b.kind: yaml_predicate(b.claim)}],
    }


# ---- as Promela -------------------------------------------------------------------------------------------------------

class Model:
    """Guarded commands over global variables; one command is one step."""

    def __init__(self, b):
        self.b = b
        self.commands = []
        self.values = [[(f["on"], -1, 100) if f["on"] else None] for f in b.flags]
        self.removed = set()
        for s in b.stages:
            for a in s["entry"] + s["closing"]:
                self.learn(a)
            for p, _ in s["ramp"]:
                self.value(s["rflag"], p > 0, -1, p)
        for p in b.procs:
            for a in p["actions"]:
                self.learn(a)

    def learn(self, a):
        if a["kind"] == "set":
            self.value(a["flag"], a["on"], a["cohort"], a["percent"])
        if a["kind"] == "remove":
            self.removed.add(a["path"])

    def value(self, flag, on, cohort, percent):
        v = (True, cohort, percent) if on and percent > 0 else None
        if v not in self.values[flag]:
            self.values[flag].append(v)
        return self.values[flag].index(v)

    def add(self, guard, *effects):
        self.commands.append((guard, [e for e in effects if e]))

    # who is there
    def down(self, part):
        return "down == %d" % (self.b.parts.index(part) + 1) if part in self.b.parts else "false"

    def here(self, role):
        return "!(%s)" % self.down("role%d" % role) if role >= 0 else "true"

    def doer(self, role):
        part = "role%d" % role
        return self.b.parts.index(part) + 1 if role >= 0 and part in self.b.parts else 0

    # what is done
    def effect(self, a):
        if a["kind"] == "set":
            return "f%d = %d" % (a["flag"], self.value(a["flag"], a["on"], a["cohort"], a["percent"]))
        return "g%d = 1" % a["path"] if a["kind"] == "remove" else ""

    @staticmethod
    def go(phase, ramp=0):
        return "phase = %s; at = 0; ramp = %d; from = 0" % (phase, ramp)

    def take_up(self, p, role):
        return ("b%d = 1; d%d = %d; if :: phase != DONE -> %s :: else -> skip fi"
                % (p, p, self.doer(role), self.go("STOPPED")))

    def held(self, k, phase, origin):
        if self.b.stages[k]["hold"]:
            return "from = %s; phase = %s" % (origin, phase)
        return self.go(phase)

    def obey(self, k, order, origin, role):
        then, p = order
        if then == "rollback": # no procedure has begun while the rollout is under way
            return self.take_up(p, role)
        return {"hold": self.held(k, "HELD", origin), "halt": self.held(k, "HALTED", origin), "promote": None}[then]

    def ended(self, k):
        return self.go("DONE" if k + 1 == len(self.b.stages) else "WAITING")

    def after_watch(self, k, ramp):
        s = self.b.stages[k]
        if ramp < len(s["ramp"]):
            return self.go("RAMPING", ramp + 1)
        return self.go("CLOSING") if self.closing(k) else self.ended(k)

    def closing(self, k):
        """The rollout is not done before its last action is, although that has no effect."""
        actions = self.b.stages[k]["closing"]
        steps = self.steps(actions)
        if k + 1 == len(self.b.stages) and steps and steps[-1] is not actions[-1]:
            steps = steps + [{"kind": "end", "blocking": True, "fails": 0.0, "overlooked": 0.0}]
        return steps

    @staticmethod
    def steps(actions):
        """Those of a stage's list that can matter to its state."""
        return [a for a in actions if a["kind"] in ("set", "remove")
                or (a["kind"] == "check" and a["max_failures"] < a["requests"])
                or (a["blocking"] and a["fails"] > 0 and a["overlooked"] < 1)]

    def list_of(self, k, phase, actions, after):
        s = self.b.stages[k]
        for i, a in enumerate(actions):
            at = "phase == %s && stage == %d && at == %d && %s" % (phase, k + 1, i, self.here(s["by"]))
            on = after if i + 1 == len(actions) else "at = %d" % (i + 1)
            can = a["overlooked"] < 1 and a["fails"] < 1
            off = self.down("flag-service") if a["kind"] == "set" else "false"
            if can:
                self.add("%s && !(%s)" % (at, off), self.effect(a), on)
                self.add("%s && %s" % (at, off), self.held(k, "HELD", phase) if a["blocking"] else on)
            if a["overlooked"] > 0:
                self.add(at, on)
            if a["fails"] > 0 and a["overlooked"] < 1:
                self.add(at, self.held(k, "HELD", phase) if a["blocking"] else on)
            if can and a["kind"] == "check" and a["max_failures"] < a["requests"]:
                self.add(at, self.obey(k, s["check"], phase, s["by"]) or after)

    def watch_of(self, k, ramp, seconds):
        s = self.b.stages[k]
        here = self.here(s["by"])
        at = "phase == WATCHING && stage == %d && ramp == %d" % (k + 1, ramp)
        looks = s["look"] > 0 and s["look"] <= seconds
        ticks = seconds >= 30
        end = here
        for g in s["gates"]:
            order = (g["then"], g["proc"])
            if g["when"] == "continuous" and ticks and g["then"] == "promote":
                end = "true" # automation promotes, whoever is there
            if g["then"] == "promote":
                continue
            if g["when"] == "looks" and looks:
                self.add("%s && %s" % (at, here), self.obey(k, order, "WATCHING", s["by"]))
            if g["when"] == "continuous" and ticks:
                self.add(at, self.obey(k, order, "WATCHING", -1))
        for p in s["watched"]:
            if looks and self.b.procs[p]["trigger"]:
                self.add("%s && %s" % (at, here), self.take_up(p, s["by"]))
        for g in s["gates"]:
            if g["when"] == "end" and g["then"] != "promote":
                self.add("%s && %s" % (at, end), self.obey(k, (g["then"], g["proc"]), "WATCHING", s["by"]))
        self.add("%s && %s" % (at, end), self.after_watch(k, ramp))

    def hold_of(self, k):
        s = self.b.stages[k]
        if not s["hold"]:
            return
        at = "(phase == HELD || phase == HALTED) && from != 0 && stage == %d && %s" % (k + 1, self.here(s["by"]))
        for g in s["gates"]:
            if g["then"] == "rollback":
                watched = " && from == WATCHING" if g["when"] == "end" else ""
                self.add(at + watched, self.take_up(g["proc"], s["by"]))
        for p in s["watched"]:
            if self.b.procs[p]["trigger"]:
                self.add(at, self.take_up(p, s["by"]))
        self.add(at, "phase = from; from = 0")
        if s["hold"]["bounded"]:
            p = s["hold"]["proc"]
            self.add(at, self.take_up(p, s["by"]) if p >= 0 else self.go("HALTED"))

    def stage_of(self, k):
        s = self.b.stages[k]
        entry, closing = self.steps(s["entry"]), self.closing(k)
        self.add("phase == WAITING && stage == %d && %s" % (k, self.here(s["by"])), "stage = %d" % (k + 1),
                 self.go("ACTING" if entry else "WATCHING"))
        self.list_of(k, "ACTING", entry, self.go("WATCHING"))
        self.watch_of(k, 0, s["watch"])
        for i, (percent, seconds) in enumerate(s["ramp"]):
            at = "phase == RAMPING && stage == %d && ramp == %d && %s" % (k + 1, i + 1, self.here(s["by"]))
            off = self.down("flag-service")
            self.add("%s && !(%s)" % (at, off), "f%d = %d" % (s["rflag"], self.value(s["rflag"], percent > 0, -1, percent)),
                     self.go("WATCHING", i + 1))
            self.add("%s && %s" % (at, off), self.held(k, "HELD", "RAMPING"))
            self.watch_of(k, i + 1, seconds)
        self.list_of(k, "CLOSING", closing, self.ended(k))
        self.hold_of(k)

    def paged(self, p):
        """Roles that may come to hold the page: the first of the chain who attends, and those it escalates to."""
        by, b = self.b.procs[p]["by"], self.b
        chain, role = [], by
        while role >= 0:
            chain.append(role)
            role = b.roles[role]["to"]
        first = [x for x in chain if b.roles[x]["attends"]] or [x for x in (0, 1) if b.roles[x]["attends"]]
        out, role = [], first[0]
        while role >= 0:
            out.append(role)
            role = -1 if b.silent else b.roles[role]["to"]
        return out

    def proc_of(self, p):
        proc = self.b.procs[p]
        free, alerting = "b%d == 0" % p, "!(%s)" % self.down("alerting")
        if p in self.b.auto or (proc["by"] < 0 and proc["alerts"]):
            self.add("%s && %s" % (free, alerting), self.take_up(p, -1))
        if proc["alerts"]:
            for role in self.paged(p):
                self.add("%s && %s && %s" % (free, alerting, self.here(role)), self.take_up(p, role))
        steps = self.proc_steps(p)
        for i, a in enumerate(steps):
            there = " && ".join(["!(d%d == %d && down == %d)" % (p, j + 1, j + 1)
                                 for j, x in enumerate(self.b.parts) if x.startswith("role")] or ["true"])
            at = "b%d == %d && %s" % (p, i + 1, there)
            can = a["overlooked"] < 1 and a["fails"] < 1
            off = self.down("flag-service") if a["kind"] == "set" else "false"
            on, missed = "b%d = %d" % (p, i + 2), "m%d = 1" % p if a["blocking"] else ""
            if can:
                self.add("%s && !(%s)" % (at, off), self.effect(a), on)
            if a["overlooked"] > 0 or a["fails"] > 0:
                self.add(at, missed, on)
            else:
                self.add("%s && %s" % (at, off), missed, on)

    def proc_steps(self, p):
        actions = self.b.procs[p]["actions"]
        done = {"kind": "complete", "blocking": True, "fails": 0.0, "overlooked": 0.0}
        ordered = [a for a in actions if a["blocking"]] + [done] + [a for a in actions if not a["blocking"]]
        return [a for a in ordered if a["kind"] in ("set", "remove", "complete")
                or (a["blocking"] and (a["fails"] > 0 or a["overlooked"] > 0))]

    def in_hand(self, p):
        n = len([a for a in self.proc_steps(p) if a["blocking"]])
        return "(b%d >= 1 && b%d <= %d)" % (p, p, n)

    def says(self, p):
        if p[0] in ("all", "any"):
            return "(" + (" && " if p[0] == "all" else " || ").join(self.says(x) for x in p[1]) + ")"
        if p[0] == "not":
            return "!(%s)" % self.says(p[1])
        if p[0] == "flag":
            fits = {"on": lambda v: v is not None, "off": lambda v: v is None,
                    "fully-on": lambda v: v == (True, -1, 100)}[p[2]]
            return "(" + " || ".join(["f%d == %d" % (p[1], i) for i, v in enumerate(self.values[p[1]]) if fits(v)]
                                     or ["false"]) + ")"
        if p[0] == "path":
            gone = "g%d == 1" % p[1] if p[1] in self.removed else "false"
            return "(%s)" % gone if p[2] == "removed" else "!(%s)" % gone
        if p[0] == "stage":
            return "(stage == %d)" % (p[1] + 1)
        if p[0] == "down":
            return "(%s)" % self.down(p[1])
        hand = " || ".join(self.in_hand(i) for i in range(len(self.b.procs)))
        begun = " || ".join("b%d != 0" % i for i in range(len(self.b.procs)))
        calm = "!(%s)" % begun
        return {"rolling-back": "(%s)" % hand, "rolled-back": "((%s) && !(%s))" % (begun, hand),
                "completed": "(%s && phase == DONE)" % calm, "held": "(%s && phase == HELD)" % calm,
                "halted": "(%s && phase == HALTED)" % calm,
                "running": "(%s && phase != DONE && phase != HELD && phase != HALTED)" % calm}[p[1]]

    def text(self):
        b = self.b
        for k in range(len(b.stages)):
            self.stage_of(k)
        for p in range(len(b.procs)):
            self.proc_of(p)
        for i in range(len(b.parts)):
            self.add("down == 0", "down = %d" % (i + 1))
        good = self.says(b.claim) if b.kind == "always" else "!(%s)" % self.says(b.claim)
        out = ["#define %s %d" % (name, i) for i, name in enumerate(NAMES)]
        out.append("byte phase = WAITING, stage, at, ramp, from, down;")
        out.append("byte " + ", ".join("f%d" % i for i in range(len(b.flags))) + ";")
        for p in range(len(b.procs)):
            out.append("byte b%d, m%d, d%d;" % (p, p, p))
        out += ["byte g%d;" % g for g in sorted(self.removed)]
        out.append("active proctype M() { do")
        for guard, effects in self.commands:
            out.append("  :: d_step { (%s) -> %s; assert(%s) }" % (guard, "; ".join(effects) or "skip", good))
        out.append("od }")
        return "\n".join(out) + "\n"


# ---- both, compared ---------------------------------------------------------------------------------------------------

def run(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def spin(folder, name, model, compiler):
    with open(os.path.join(folder, name + ".pml"), "w") as f:
        f.write(model)
    for command in (["spin", "-o1", "-o2", "-a", name + ".pml"], [compiler, "-O0", "-w", "-DBFS", "-DSAFETY", "-DNOREDUCE", "-o", name, "pan.c"]):
        status, out = run(command, folder)
        if status != 0:
            raise SystemExit("%s failed:\n%s\n%s" % (command[0], out, model))
    _, first = run(["./" + name, "-E", "-m100000"], folder)
    _, whole = run(["./" + name, "-E", "-c0", "-m100000"], folder)
    stored = re.search(r"(\d+) states, stored", whole)
    depth = re.search(r"assertion violated.*\(at depth (\d+)\)", first)
    if not stored or "max search depth too small" in whole:
        raise SystemExit("spin's answer is not understood:\n" + whole)
    return int(stored.group(1)), int(depth.group(1)) if depth else None


def main():
    tool, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 30
    n *= 10 if "ROLLSIM_ORACLE_LONG" in os.environ else 1
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not shutil.which("spin") or not compiler:
        print("skipped: the package spin (and a C compiler) is not installed")
        return 77
    n_bad = n_violated = n_states = most = 0
    with tempfile.TemporaryDirectory() as folder:
        for file, text in (("rules.yml", RULES), ("am.yml", ROUTES)):
            with open(os.path.join(folder, file), "w") as f:
                f.write(text)
        for i in range(n):
            b = Runbook(random.Random(1000003 * seed + i))
            path = os.path.join(folder, "m%d.yaml" % i)
            with open(path, "w") as f:
                json.dump(scenario(b), f, indent=1)
            status, out = run([os.path.abspath(tool), path], folder)
            if status != 0:
                raise SystemExit("seed %d, machine %d is refused:\n%s" % (seed, i, out))
            _, _, verdict, ours, steps = out.split()
            theirs, depth = spin(folder, "m%d" % i, Model(b).text(), compiler)
            want = "violated" if depth is not None else "proved"
            agree = int(ours) == theirs
            if verdict != "violated" or int(steps) > 0: # Spin asserts only after a step
                agree = agree and verdict == want and (depth is None or depth == int(steps) - 1)
            n_violated += verdict == "violated"
            n_states += theirs
            most = max(most, theirs)
            if not agree:
                n_bad += 1
                print("seed %d, machine %d: rollsim %s, %s states, %s steps; spin %s, %d states, depth %s"
                      % (seed, i, verdict, ours, steps, want, theirs, depth))
    print("%d machines, %d states (at most %d in one), %d claims violated: %d differ" % (n, n_states, most, n_violated, n_bad))
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())
