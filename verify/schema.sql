-- SPDX-License-Identifier: GPL-3.0-or-later
-- One run of rollsim. Times are seconds since the scenario's start (REAL, NULL = did not happen); ratios are 0..1.
PRAGMA application_id = 0x726f6c6c; -- "roll"
PRAGMA user_version = 3;

-- What was run: key, value. scenario_name, scenario_title, scenario_file, scenario_text, scenario_sha256, rollsim_version,
-- scenario_document, seed, n_replica, n_budget (replicas that might have been run), starts_at, confidence (of all statistical
-- claims together), family_size (how many they are), correction, n_left_out (claims that were not asked for), trajectory_step_s,
-- horizon_s, stopped_early, random_stream, samplers ('own', or 'gsl': the GNU Scientific Library's).
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- The files that the scenario was read from, itself first, each with its own SHA-256.
CREATE TABLE source (source INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL);

CREATE TABLE stage (stage INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT, ref TEXT, watch_s REAL);
CREATE TABLE flag (flag INTEGER PRIMARY KEY, name TEXT NOT NULL, ref TEXT, initially_on INTEGER NOT NULL);
CREATE TABLE service (service INTEGER PRIMARY KEY, name TEXT NOT NULL, ref TEXT, slow_s REAL, slo_error_ratio REAL);
CREATE TABLE fault (fault INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT, ref TEXT, probability REAL NOT NULL, service INTEGER);
CREATE TABLE procedure (procedure INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT, ref TEXT, sla_s REAL, trigger TEXT);
-- Thresholds to draw: one row a gate, trigger or alert that compares with a number. unit: 'ratio', 'seconds' or 'number'.
-- source: 'gate', 'trigger' or 'alert'; service NULL = of none or of several.
CREATE TABLE threshold (name TEXT NOT NULL, source TEXT NOT NULL, service INTEGER, expr TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL, ref TEXT);
CREATE TABLE assumption (id TEXT PRIMARY KEY, text TEXT NOT NULL, source TEXT, placeholder INTEGER NOT NULL);

-- Every replica. fault NULL = none present.
CREATE TABLE replica (
    replica INTEGER PRIMARY KEY, world INTEGER NOT NULL, fault INTEGER, fault_started INTEGER NOT NULL, onset_s REAL,
    outcome TEXT NOT NULL, stage_reached INTEGER, ended_s REAL, sim_s REAL NOT NULL,
    n_episode INTEGER NOT NULL, false_rollback INTEGER NOT NULL,
    n_request INTEGER NOT NULL, n_error INTEGER NOT NULL, n_slow INTEGER NOT NULL, users_hurt INTEGER NOT NULL,
    budget_burned REAL, n_page INTEGER NOT NULL, n_alert_fired INTEGER NOT NULL,
    users_hurt_since_onset INTEGER); -- of the fault's service, for the first time from the onset on; NULL without an onset

-- Every execution of a rollback procedure, with its clock.
CREATE TABLE episode (
    replica INTEGER NOT NULL, episode INTEGER NOT NULL, procedure INTEGER NOT NULL, stage INTEGER, fault INTEGER,
    detected_by TEXT NOT NULL, detector TEXT,
    onset REAL, first_bad_sample REAL, pending REAL, detected REAL, notified REAL, acknowledged REAL, decided REAL,
    commanded REAL, effective_p50 REAL, effective_p95 REAL, effective REAL, completed REAL, recovered REAL, resolved REAL,
    gave_up INTEGER NOT NULL, cut INTEGER NOT NULL,
    PRIMARY KEY (replica, episode)) WITHOUT ROWID;

-- Chosen replicas, kept whole: per fault the first, the one with the median and the one with the longest detected -> completed.
-- why: 'first', 'median', 'worst', 'witness: CLAIM' (of violated claims). fault NULL = none present.
CREATE TABLE chosen (replica INTEGER NOT NULL, fault INTEGER, why TEXT NOT NULL, PRIMARY KEY (replica, why)) WITHOUT ROWID;
CREATE TABLE trace (replica INTEGER NOT NULL, seq INTEGER NOT NULL, at_s REAL NOT NULL, kind TEXT NOT NULL, a INTEGER, b INTEGER, x REAL, text TEXT, PRIMARY KEY (replica, seq)) WITHOUT ROWID;
-- grid 'whole' = the scenario's step over the whole replica; 'close' = the scrape interval around the fault's onset.
-- t_s is the start of the step: the point covers (t_s, t_s + step_s], in bands too.
CREATE TABLE trajectory (
    replica INTEGER NOT NULL, grid TEXT NOT NULL, service INTEGER NOT NULL, i INTEGER NOT NULL, t_s REAL NOT NULL, step_s REAL NOT NULL,
    n_request INTEGER NOT NULL, n_error INTEGER NOT NULL, latency_p50_s REAL, latency_p95_s REAL, latency_p99_s REAL,
    PRIMARY KEY (replica, grid, service, i)) WITHOUT ROWID;

-- Quantile bands over replicas. fault -1 = replicas without a fault; grid 'whole': t_s since start; 'close': t_s since the onset.
-- metric: 'error_ratio', 'latency_p50_s', 'latency_p95_s', 'latency_p99_s'.
CREATE TABLE band (
    fault INTEGER NOT NULL, service INTEGER NOT NULL, grid TEXT NOT NULL, metric TEXT NOT NULL, i INTEGER NOT NULL,
    t_s REAL NOT NULL, n INTEGER NOT NULL, q05 REAL, q25 REAL, q50 REAL, q75 REAL, q95 REAL,
    PRIMARY KEY (fault, service, grid, metric, i)) WITHOUT ROWID;

-- What was found of every claim, and how far it may be trusted.
-- reading: the claim said back in English. engine: 'exhaustive', 'bound', 'e-process', 'mean-sequence', 'splitting'; guarantee:
-- 'proved', 'statistical' (at `confidence`), 'asymptotic'. reason: why it is undecided, else NULL.
-- estimate, low, high, bound in `unit`; worst in the quantity's own (seconds for times). high may be Inf; n_more NULL = cannot say.
-- n_replica: replicas until the decision fell, or all; n_applicable, n_hit and n_undecided are of all that were run.
-- margin_s: room between the deadline and the estimate, or the bound's upper end; negative = over; -Inf = no upper end.
-- *_phase_*_s of bounds: smallest and largest time over all draws at the best and the worst phases, Inf = no upper end.
CREATE TABLE verdict (
    claim INTEGER PRIMARY KEY, name TEXT NOT NULL, says TEXT NOT NULL, reading TEXT NOT NULL, ref TEXT, file TEXT, line INTEGER,
    kind TEXT NOT NULL, given TEXT NOT NULL, verdict TEXT NOT NULL, engine TEXT NOT NULL, guarantee TEXT NOT NULL, reason TEXT,
    estimate REAL, low REAL, high REAL, confidence REAL, bound REAL, direction TEXT, unit TEXT NOT NULL, worst REAL,
    n_replica INTEGER, n_applicable INTEGER, n_hit INTEGER, n_undecided INTEGER, n_capped INTEGER,
    margin_s REAL, best_phase_low_s REAL, best_phase_high_s REAL, worst_phase_low_s REAL, worst_phase_high_s REAL, n_state INTEGER,
    witness INTEGER, witness_fault TEXT, replay TEXT, n_more INTEGER, placeholder TEXT);
-- The legs of a bound with their smallest and largest times (Inf = no upper end), or the trace of a counterexample.
CREATE TABLE verdict_step (
    claim INTEGER NOT NULL, step INTEGER NOT NULL, text TEXT NOT NULL, ref TEXT, file TEXT, line INTEGER, col INTEGER,
    low_s REAL, high_s REAL, PRIMARY KEY (claim, step)) WITHOUT ROWID;
-- What a verdict takes for granted: phases, independence, the family's correction, caps, placeholders.
CREATE TABLE verdict_premise (claim INTEGER NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (claim, name)) WITHOUT ROWID;

-- What `rollsim check` finds in the scenario. severity: 'error' or 'warning'.
CREATE TABLE finding (
    finding INTEGER PRIMARY KEY, code TEXT NOT NULL, severity TEXT NOT NULL, summary TEXT NOT NULL, file TEXT, line INTEGER, col INTEGER,
    ref TEXT, about TEXT, text TEXT NOT NULL, mend TEXT NOT NULL);
-- The numbers (value) and words (text) behind a finding; the unit is the end of the name.
CREATE TABLE evidence (
    finding INTEGER NOT NULL, evidence INTEGER NOT NULL, name TEXT NOT NULL, value REAL, text TEXT, PRIMARY KEY (finding, evidence)) WITHOUT ROWID;

-- The timing card: one row a leg of one rollback scenario. fault -1 = false alarms.
CREATE TABLE card (
    fault INTEGER NOT NULL, procedure INTEGER NOT NULL, leg INTEGER NOT NULL, from_mark TEXT NOT NULL, to_mark TEXT NOT NULL,
    n INTEGER NOT NULL, n_open INTEGER NOT NULL, p50_s REAL, p95_s REAL, p99_s REAL, max_s REAL,
    best_world_s REAL, worst_world_s REAL, worst_replica INTEGER,
    PRIMARY KEY (fault, procedure, leg)) WITHOUT ROWID;
-- procedure -1: the fault came up and nothing was ever executed under it. sla_s NULL = none.
CREATE TABLE card_summary (
    fault INTEGER NOT NULL, procedure INTEGER NOT NULL, n_present INTEGER NOT NULL, n_episode INTEGER NOT NULL, n_missed INTEGER NOT NULL,
    sla_s REAL, n_within INTEGER NOT NULL, within_low REAL, within_high REAL, PRIMARY KEY (fault, procedure)) WITHOUT ROWID;

-- Made for people: sqlite3 run.db 'select * from verdicts'
CREATE VIEW verdicts AS
SELECT name AS claim, ref, verdict, guarantee, reason, round(estimate, 6) AS estimate, round(low, 6) AS low, round(high, 6) AS high,
       direction || ' ' || bound AS wanted, unit, round(margin_s, 3) AS margin_s, n_replica AS decided_at, n_applicable AS n,
       n_undecided AS undecided, worst, witness, witness_fault, placeholder FROM verdict ORDER BY claim;
CREATE VIEW steps AS
SELECT v.name AS claim, v.verdict, s.step, s.text, s.ref, s.file || ':' || s.line AS place, round(s.low_s, 3) AS low_s, round(s.high_s, 3) AS high_s
FROM verdict_step s JOIN verdict v USING (claim) ORDER BY s.claim, s.step;
CREATE VIEW findings AS
SELECT severity, code, file || ':' || line AS place, ref, about, text, mend,
       (SELECT group_concat(e.name || '=' || coalesce(e.text, e.value), '; ') FROM evidence e WHERE e.finding = f.finding) AS evidence
FROM finding f ORDER BY finding;
CREATE VIEW timing_card AS
SELECT coalesce(f.name, '(no fault)') AS fault, p.name AS procedure, c.from_mark || ' -> ' || c.to_mark AS leg, c.n, c.n_open AS open,
       round(p50_s, 3) AS p50_s, round(p95_s, 3) AS p95_s, round(p99_s, 3) AS p99_s, round(max_s, 3) AS worst_s,
       round(best_world_s, 3) AS best_world_s, round(worst_world_s, 3) AS worst_world_s, worst_replica,
       p.sla_s, s.n_within || '/' || s.n_episode AS within_sla
FROM card c JOIN procedure p USING (procedure) JOIN card_summary s USING (fault, procedure) LEFT JOIN fault f ON f.fault = c.fault
ORDER BY c.fault, c.procedure, c.leg;
CREATE VIEW replicas AS
SELECT r.replica, r.world, coalesce(f.name, 'none') AS fault, r.outcome, s.name AS stage_reached, round(r.onset_s, 3) AS onset_s,
       round(e.detected, 3) AS detected_s, round(e.completed, 3) AS completed_s, round(e.completed - e.detected, 3) AS rollback_s,
       r.users_hurt, r.users_hurt_since_onset, r.n_error, r.n_request, r.n_page, r.false_rollback
FROM replica r LEFT JOIN fault f USING (fault) LEFT JOIN stage s ON s.stage = r.stage_reached
LEFT JOIN episode e ON e.replica = r.replica AND e.episode = 0 ORDER BY r.replica;
