-- SPDX-License-Identifier: GPL-3.0-or-later
-- One retrospective (rollsim retro). Instants are seconds on the clock of reference (REAL, Unix time where there are dates), NULL = not told;
-- lo and hi NULL while best is told: open on that side. Legs and durations are seconds, ratios 0..1.
PRAGMA application_id = 0x726f6c72; -- "rolr"
PRAGMA user_version = 1;

-- key, value: name, title, file, text, sha256, rollsim_version, scenario_name, scenario_file, scenario_sha256, confidence, reference, dated (1: Unix time).
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- clock: 'reference', 'given', 'estimated', 'assumed'; offset: this clock minus that of reference.
CREATE TABLE source (source INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, file TEXT NOT NULL, format TEXT, sha256 TEXT,
    n_line INTEGER NOT NULL, n_taken INTEGER NOT NULL, n_rejected INTEGER NOT NULL, n_duplicate INTEGER NOT NULL, n_out_of_order INTEGER NOT NULL,
    first REAL, last REAL, clock TEXT NOT NULL, offset_low REAL, offset REAL, offset_high REAL, n_pair INTEGER, n_agree INTEGER, why TEXT);
CREATE TABLE note (note INTEGER PRIMARY KEY, file TEXT, line INTEGER, col INTEGER, text TEXT NOT NULL);
-- What was written down; lo and hi on the clock of reference.
CREATE TABLE mark (mark INTEGER PRIMARY KEY, source INTEGER NOT NULL, event TEXT NOT NULL, lo REAL NOT NULL, hi REAL NOT NULL, episode TEXT, actor TEXT,
    stage TEXT, flag TEXT, state TEXT, percent REAL, subject TEXT, note TEXT, line INTEGER);
CREATE TABLE stage (stage INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT, ref TEXT, how TEXT NOT NULL, lo REAL, best REAL, hi REAL);
CREATE TABLE flag_step (step INTEGER PRIMARY KEY, flag TEXT NOT NULL, state TEXT NOT NULL, percent REAL, how TEXT NOT NULL, lo REAL, best REAL, hi REAL);
CREATE TABLE signal (signal INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL, service TEXT);
-- At most 2,000 points a signal, intervals joined for the pictures: level = k / n, events a second, or the mean value; low, high: 95 % of a ratio's.
CREATE TABLE point (signal INTEGER NOT NULL, at REAL NOT NULL, until REAL NOT NULL, n REAL, k REAL, level REAL, low REAL, high REAL, PRIMARY KEY (signal, at)) WITHOUT ROWID;
CREATE TABLE change (change INTEGER PRIMARY KEY, signal INTEGER NOT NULL, lo REAL NOT NULL, best REAL NOT NULL, hi REAL NOT NULL,
    before REAL, after REAL, after_low REAL, after_high REAL, ramp REAL, log10_odds REAL);
CREATE TABLE episode (episode INTEGER PRIMARY KEY, name TEXT NOT NULL, procedure TEXT, ref TEXT, stage TEXT, service TEXT, alert TEXT, signal INTEGER,
    sla REAL, verdict TEXT NOT NULL, why TEXT);
-- instant: 'changed', 'onset', 'first_bad_sample', ... order: as they come.
CREATE TABLE instant (episode INTEGER NOT NULL, place INTEGER NOT NULL, instant TEXT NOT NULL, how TEXT NOT NULL, never INTEGER NOT NULL, lo REAL, best REAL, hi REAL,
    confidence REAL, why TEXT, PRIMARY KEY (episode, place)) WITHOUT ROWID;
CREATE TABLE leg (episode INTEGER NOT NULL, place INTEGER NOT NULL, from_instant TEXT NOT NULL, to_instant TEXT NOT NULL, low REAL, best REAL, high REAL, PRIMARY KEY (episode, place)) WITHOUT ROWID;
CREATE TABLE contradiction (contradiction INTEGER PRIMARY KEY, episode INTEGER, text TEXT NOT NULL, mark_a INTEGER, mark_b INTEGER);
-- verdict: 'conforms', 'deviates', 'undecidable'.
CREATE TABLE finding (finding INTEGER PRIMARY KEY, code TEXT NOT NULL, rule TEXT NOT NULL, verdict TEXT NOT NULL, ref TEXT, says TEXT, stage TEXT, procedure TEXT, episode INTEGER,
    lo REAL, best REAL, hi REAL, text TEXT NOT NULL, mend TEXT, file TEXT, line INTEGER, col INTEGER);
CREATE TABLE counterfactual (counterfactual INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, happened INTEGER NOT NULL);
CREATE TABLE alarm (counterfactual INTEGER NOT NULL, alarm INTEGER NOT NULL, episode INTEGER, alert TEXT NOT NULL, labels TEXT NOT NULL, pending REAL, firing REAL, notified REAL,
    PRIMARY KEY (counterfactual, alarm)) WITHOUT ROWID;
CREATE TABLE outcome (counterfactual INTEGER NOT NULL, episode INTEGER NOT NULL, refused TEXT, detected REAL, commanded REAL, completed REAL, completed_low REAL, completed_high REAL,
    errors_low REAL, errors REAL, errors_high REAL, users_hurt_low REAL, users_hurt REAL, users_hurt_high REAL, budget_low REAL, budget REAL, budget_high REAL,
    errors_saved_low REAL, errors_saved REAL, errors_saved_high REAL, rests_on TEXT, PRIMARY KEY (counterfactual, episode)) WITHOUT ROWID;
CREATE TABLE fit (fit INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, path TEXT, text TEXT, method TEXT, source TEXT, refused TEXT, placeholder INTEGER NOT NULL, n INTEGER NOT NULL,
    test TEXT, statistic REAL, p_value REAL, fits INTEGER NOT NULL);
CREATE TABLE fit_parameter (fit INTEGER NOT NULL, parameter INTEGER NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL, assumed REAL, value REAL, low REAL, high REAL, PRIMARY KEY (fit, parameter)) WITHOUT ROWID;
-- What a distribution of times was fitted to; high NULL: it had not happened yet.
CREATE TABLE fit_duration (fit INTEGER NOT NULL, duration INTEGER NOT NULL, low REAL NOT NULL, best REAL NOT NULL, high REAL, whence TEXT, PRIMARY KEY (fit, duration)) WITHOUT ROWID;
-- The fitted and the assumed distribution function, 200 points.
CREATE TABLE fit_curve (fit INTEGER NOT NULL, x REAL NOT NULL, fitted REAL NOT NULL, assumed REAL, PRIMARY KEY (fit, x)) WITHOUT ROWID;
CREATE TABLE predicted (predicted INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, episode INTEGER, seen REAL, low REAL, median REAL, high REAL, p_value REAL, n INTEGER NOT NULL);
-- Known times of faults, and the change that was found nearest.
CREATE TABLE known (known INTEGER PRIMARY KEY, name TEXT NOT NULL, from_time REAL NOT NULL, until_time REAL, change INTEGER, error REAL);

-- Made for people.
CREATE VIEW clock AS
SELECT e.name AS episode, i.instant, i.how, datetime(i.best, 'unixepoch') AS at, round(i.hi - i.lo, 1) AS width_s, i.why FROM instant i JOIN episode e USING (episode) ORDER BY i.episode, i.place;
CREATE VIEW deviations AS
SELECT code, ref, text, datetime(best, 'unixepoch') AS at, mend FROM finding WHERE verdict = 'deviates' ORDER BY finding;
