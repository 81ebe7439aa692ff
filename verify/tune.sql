-- SPDX-License-Identifier: GPL-3.0-or-later
-- One search of rollsim tune. Times are seconds (REAL; Inf = never), ratios 0..1, NULL = nothing to tell.
PRAGMA application_id = 0x726f6c74; -- "rolt"
PRAGMA user_version = 1;

-- key, value: scenario_name, scenario_title, scenario_file, scenario_text, scenario_sha256, rollsim_version, seed, fresh_seed, n_space, method,
-- confidence, stopped, chosen_why, n_asked, n_history.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (source INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL);
-- today: the value that stands in the files.
CREATE TABLE parameter (param INTEGER PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, what TEXT NOT NULL, ref TEXT, type TEXT NOT NULL, today INTEGER NOT NULL);
-- number: seconds for durations; NULL for words.
CREATE TABLE value (param INTEGER NOT NULL, value INTEGER NOT NULL, text TEXT NOT NULL, number REAL, PRIMARY KEY (param, value)) WITHOUT ROWID;
CREATE TABLE objective (objective INTEGER PRIMARY KEY, name TEXT NOT NULL, says TEXT, ref TEXT, stat TEXT NOT NULL, unit TEXT NOT NULL);
-- The scenario's claims; kept: a setting must keep it.
CREATE TABLE claim (claim INTEGER PRIMARY KEY, name TEXT NOT NULL, says TEXT NOT NULL, ref TEXT, kept INTEGER NOT NULL, bound REAL, direction TEXT, unit TEXT NOT NULL);
-- Settings that were looked at; 0 is today's. state: 'front', 'dominated', 'excluded', 'illegal'.
CREATE TABLE point (point INTEGER PRIMARY KEY, state TEXT NOT NULL, today INTEGER NOT NULL, chosen INTEGER NOT NULL, beaten_by INTEGER, breaks INTEGER, why TEXT, n_replica INTEGER NOT NULL);
CREATE TABLE setting (point INTEGER NOT NULL, param INTEGER NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (point, param)) WITHOUT ROWID;
CREATE TABLE estimate (point INTEGER NOT NULL, objective INTEGER NOT NULL, value REAL, low REAL, high REAL, n INTEGER NOT NULL, PRIMARY KEY (point, objective)) WITHOUT ROWID;
CREATE TABLE claim_estimate (point INTEGER NOT NULL, claim INTEGER NOT NULL, value REAL, low REAL, high REAL, n INTEGER NOT NULL, PRIMARY KEY (point, claim)) WITHOUT ROWID;
-- Claims that no setting keeps. why: 'people', 'propagation', 'traffic', 'runbook', 'monitoring'.
CREATE TABLE unsaved (claim INTEGER PRIMARY KEY, why TEXT NOT NULL, text TEXT NOT NULL, best INTEGER, value REAL, low REAL, high REAL, proved INTEGER NOT NULL);
-- One parameter moved. around: 'chosen' or 'today'; difference: to the setting that it is around, paired.
CREATE TABLE sensitivity (around TEXT NOT NULL, param INTEGER NOT NULL, value INTEGER NOT NULL, objective INTEGER NOT NULL,
    estimate REAL, low REAL, high REAL, difference REAL, difference_low REAL, difference_high REAL, n INTEGER NOT NULL,
    PRIMARY KEY (around, param, value, objective)) WITHOUT ROWID;
-- Detection probability. setting: 'today' or 'chosen'; traffic: factor on the scenario's.
CREATE TABLE map (fault TEXT NOT NULL, setting TEXT NOT NULL, error_ratio REAL NOT NULL, traffic REAL NOT NULL, traffic_per_s REAL NOT NULL,
    within_s REAL NOT NULL, n INTEGER NOT NULL, n_detected INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (fault, setting, error_ratio, traffic)) WITHOUT ROWID;
-- Claims on fresh replicas, as `rollsim verify` decides; columns as in the table of that name in a run. setting: 'today' or 'chosen'
-- (once, as 'chosen', if that is today's).
CREATE TABLE verdict (
    setting TEXT NOT NULL, claim INTEGER NOT NULL, name TEXT NOT NULL, ref TEXT, verdict TEXT NOT NULL, engine TEXT NOT NULL, guarantee TEXT NOT NULL, reason TEXT,
    estimate REAL, low REAL, high REAL, bound REAL, direction TEXT, unit TEXT NOT NULL, n_replica INTEGER, placeholder TEXT,
    PRIMARY KEY (setting, claim)) WITHOUT ROWID;

-- Made for people.
CREATE VIEW front AS
SELECT p.point, CASE WHEN p.today THEN 'today' WHEN p.chosen THEN 'chosen' ELSE '' END AS mark,
       (SELECT group_concat(q.name || '=' || v.text, ', ') FROM setting s JOIN parameter q USING (param) JOIN value v ON v.param = s.param AND v.value = s.value
        WHERE s.point = p.point ORDER BY s.param) AS setting,
       (SELECT group_concat(o.name || '=' || round(e.value, 4), ', ') FROM estimate e JOIN objective o USING (objective) WHERE e.point = p.point ORDER BY e.objective) AS objectives
FROM point p WHERE p.state = 'front' OR p.today OR p.chosen ORDER BY p.point;
