/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rollsim retro was given, before anything is read. */
#ifndef CLI_RETRO_ARGS_H
#define CLI_RETRO_ARGS_H

#include "options.h"
#include "scenarios/evidence.h"
#include "verify/retro.h"

#define RS_PATH_SIZE 4096

/* What can be refused before anything is read. 0 or -1. */
int rs_retro_args_check(const struct cli_args *args, struct err *err);

/* Where the record goes: -o, or retro.db beside the pictures, or nowhere (""). Makes the folder of pictures. 0 or -1. */
int rs_retro_args_record(char out[RS_PATH_SIZE], const struct cli_args *args, struct err *err);

/* Files of evidence in the order of the kinds, then as they were given; clear frees. */
struct retro_files {
    int n;
    struct evidence_file *file; /* [n] owned */
    char **service;             /* [n] owned */
};
void rs_retro_args_files(struct retro_files *out, const struct cli_args *args);
void rs_retro_files_clear(struct retro_files *files);

struct retro_options rs_retro_args_options(const struct cli_args *args);

/* The command that gives the same answer again, for people: "rollsim retro prisma.yaml --metrics m.om --learn"; for free(). */
char *rs_retro_args_command(const struct cli_args *args);

#endif
