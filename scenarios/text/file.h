/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that a scenario names: reading them, and the SHA-256 over all of them. */
#ifndef SCENARIOS_FILE_H
#define SCENARIOS_FILE_H

#include "../reader.h"

struct file_hash; /* opaque, heap */

struct file_hash *rs_file_hash_new(struct arena *arena); /* what it tells is in the arena */
void rs_file_hash_free(struct file_hash *hash);          /* NULL ok */
/* A file as it was read: its bytes join the hash, its path and its own hash the list of inputs. */
void rs_file_hash_text(struct file_hash *hash, const char *path, const char *text, size_t n);
/* Of all: 64 hexadecimal digits. */
const char *rs_file_hash_hex(struct file_hash *hash);
/* The files in their order. */
const struct input_file *rs_file_hash_inputs(const struct file_hash *hash, int *out_n);

/*
 * The text of a file that the scenario names: an override's, or what is on the disk. It joins the hash and is kept. NULL with an
 * error at `at`.
 */
const char *rs_file_text(struct reader *r, const char *path, struct mark at, size_t *out_n);

/* The whole file as text (NUL added behind); NULL with an error at `at` (or about the file itself without a place). */
const char *rs_file_read(
    struct arena *arena, const char *path, struct mark at, size_t *out_n, struct err_list *errors);
/* "a/b/" of "a/b/c.yaml", "" of "c.yaml". */
const char *rs_file_folder(struct arena *arena, const char *path);
/* Path of a file that the scenario names; NULL with an error where no other file may be read. */
const char *rs_file_path(struct reader *r, const char *name, struct mark at);
/* The same for a file that is read elsewhere. 0, or -1 with an error at `at`. */
int rs_file_hash_file(struct reader *r, const char *path, struct mark at);
/* Checks that path is a readable regular file: 0, or -1 with an error. */
int rs_file_check(struct err_list *errors, const char *path, struct mark at);

#endif
