-- SPDX-License-Identifier: GPL-3.0-or-later
-- The journal of a run that is under way (RUN.db.part), and a shard: every history in it, so that the run can go on.
PRAGMA application_id = 0x726f6c6c; -- "roll"
PRAGMA user_version = 3;

-- What the histories are of: key, value. scenario_file, scenario_sha256, rollsim_version, seed, n_budget, all_replicas,
-- gsl_samplers, claims and traffic (a line each, '' = all and none), shard, n_shard (this file holds replicas i with
-- i % n_shard = shard), overwrites (RUN.db may be), state ('running', 'merging': no histories, the
-- shards have them, 'finished'), check (XXH64 of all these but state).
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
-- The files that the scenario was read from.
CREATE TABLE source (source INTEGER PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL);
-- A history as models/history_codec.c writes it, its check sum included, packed by zstd.
CREATE TABLE journal (replica INTEGER PRIMARY KEY, history BLOB NOT NULL);
