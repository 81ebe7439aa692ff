/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rollsim: rehearse and verify staged software rollouts.
 *
 * A map of the code. Data travels one way:
 *
 *   scenarios/  YAML, rule files, routing files in; a checked struct scenario out, or every mistake with its place
 *   models/     one history of the loop: traffic -> system -> monitoring -> response -> flags (loop/ closes it)
 *   sim/        the kernel below: clock, event queue, named random streams, replications over threads and ranks
 *   verify/     many histories reduced to verdicts, the timing card and bands; the record of a run (SQLite)
 *   plots/      a record in, pictures out
 *   cli/        this folder: words in, words out; nothing is decided here
 *     main.c        finds the command, watches over stdout
 *     cmd_*.c       one command each, with its row of the table at the end
 *     recording*.c  a recording told to people, to machines, as a picture
 *     tune_out.c    what tune prints, writes and keeps
 *     retro_*.c     what retro is given; what it prints, writes and keeps
 *     cmd_rules*.c  a command of commands, for rule files without a scenario
 *     options.c     the tables of options over getopt_long
 *     progress.c    the progress line and Ctrl-C
 *     rank_task.c   what the other processes of a cluster do
 *     reports.c     formats, and reports that go to files
 *     timeline*.c   one history told to people, or to machines
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "rank_task.h"

static const struct cmd *const commands[] = {&cmd_check, &cmd_rehearse,  &cmd_verify,
                                             &cmd_merge, &cmd_tune,      &cmd_retro,
                                             &cmd_plot,  &cmd_recording, &cmd_rules};
#define N_COMMAND (sizeof commands / sizeof commands[0])

static void print_version(void)
{
    puts("rollsim " ROLLSIM_VERSION);
    puts("Licence GPL-3.0-or-later. There is no warranty, as far as the law permits.");
}

static void print_usage(FILE *to)
{
    fputs("Usage: rollsim COMMAND [options]\n\n"
          "Rehearses a staged rollout before it happens, and judges it with error bars.\n\n"
          "Commands:\n",
          to);
    for (size_t i = 0; i < N_COMMAND; i++) {
        fprintf(to, "  %-9s %-9s %s\n", commands[i]->name, commands[i]->args, commands[i]->summary);
    }
    fputs(
        "  help      [COMMAND] this text, or a command's\n\n"
        "rollsim COMMAND --help tells more, with examples. rollsim --version prints the version.\n"
        "Exit status: 0 every claim is proved or holds, 1 one is violated, refuted or unbounded, 2 "
        "bad\n"
        "input or usage, 3 undecided, 4 internal error.\n",
        to);
}

/* The command of that word among those of a parent (NULL: the program's), or NULL. */
static const struct cmd *find_command(const struct cmd *parent, const char *word)
{
    const struct cmd *const *list = parent ? parent->sub : commands;
    size_t n = parent ? (size_t)parent->n_sub : N_COMMAND;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rs_cmd_word(list[i]), word) == 0) {
            return list[i];
        }
    }
    return NULL;
}

static int unknown_command(const struct cmd *parent, const char *word)
{
    const char *names[N_COMMAND + 1];
    const struct cmd *const *list = parent ? parent->sub : commands;
    size_t n = parent ? (size_t)parent->n_sub : N_COMMAND;
    for (size_t i = 0; i < n; i++) {
        names[i] = rs_cmd_word(list[i]);
    }
    if (!parent) {
        names[n++] = "help";
    }
    const char *near = rs_near_name(word, names, n);
    const char *of = parent ? " of rollsim " : "", *name = parent ? parent->name : "";
    fprintf(stderr,
            near ? "rollsim: error: unknown command '%s'%s%s (did you mean '%s'?)\n"
                 : "rollsim: error: unknown command '%s'%s%s\n",
            word, of, name, near);
    fprintf(stderr, "rollsim%s%s --help tells more.\n", parent ? " " : "", name);
    return RS_EXIT_USAGE;
}

static int run_help(int argc, char **argv)
{
    const struct cmd *cmd = NULL;
    int i = 0;
    for (; i < argc && (!cmd || cmd->n_sub > 0); i++) {
        const struct cmd *found = find_command(cmd, argv[i]);
        if (!found) {
            return unknown_command(cmd, argv[i]);
        }
        cmd = found;
    }
    if (i < argc) {
        fprintf(stderr, "rollsim: error: rollsim help: unexpected argument '%s'\n", argv[i]);
        return RS_EXIT_USAGE;
    }
    if (cmd) {
        rs_cmd_print_help(cmd, stdout);
    } else {
        print_usage(stdout);
    }
    return RS_EXIT_HOLDS;
}

/* argv[0] is the word of the command itself. */
static int run_found(struct ranks *ranks, const struct cmd *cmd, int argc, char **argv)
{
    if (cmd->n_sub > 0) {
        if (argc < 2) {
            rs_cmd_print_help(cmd, stderr);
            return RS_EXIT_USAGE;
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
            rs_cmd_print_help(cmd, stdout);
            return RS_EXIT_HOLDS;
        }
        const struct cmd *sub = find_command(cmd, argv[1]);
        return sub ? run_found(ranks, sub, argc - 1, argv + 1) : unknown_command(cmd, argv[1]);
    }
    struct cli_args args;
    struct err err = {0};
    if (rs_options_parse(&args, cmd, argc, argv, &err)) {
        rs_err_print(&err, stderr);
        fprintf(stderr, "Usage: rollsim %s [options] %s\nrollsim %s --help tells more.\n",
                cmd->name, cmd->args, cmd->name);
        return RS_EXIT_USAGE;
    }
    if (args.help) {
        rs_cmd_print_help(cmd, stdout);
        return RS_EXIT_HOLDS;
    }
    args.ranks = ranks;
    return cmd->run(&args);
}

static int run_command(struct ranks *ranks, int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return RS_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_usage(stdout);
        return RS_EXIT_HOLDS;
    }
    if (strcmp(word, "--version") == 0) {
        print_version();
        return RS_EXIT_HOLDS;
    }
    if (strcmp(word, "help") == 0) {
        return run_help(argc - 2, argv + 2);
    }
    const struct cmd *cmd = find_command(NULL, word);
    return cmd ? run_found(ranks, cmd, argc - 1, argv + 1) : unknown_command(NULL, word);
}

/*
 * A standard stream that was closed would be given away to the next file opened, and our words would land in a database.
 * The stand-in is opened the wrong way round, so that writing to it fails as it would have.
 */
static void hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
            int got = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
            (void)got; /* the lowest free number, so it is fd */
        }
    }
}

/* Words that did not arrive are a failure; a reader that went away (a pipe to head) is one without a word. */
static int close_stdout(int status)
{
    int failed = fflush(stdout) != 0;
    int why = failed ? errno : EIO;
    if (!failed && !ferror(stdout)) {
        return status;
    }
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    bool reader_gone = why == EPIPE || (poll(&out, 1, 0) == 1 && (out.revents & POLLERR));
    if (!reader_gone) {
        fprintf(stderr, "rollsim: error: cannot write to standard output: %s\n", strerror(why));
    }
    return RS_EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a file at its size limit is told as a full disk is */
    struct ranks *ranks;
    struct err err = {0};
    if (rs_ranks_join(&ranks, &err) != 0) {
        rs_err_print(&err, stderr);
        return rs_err_exit_status(&err);
    }
    int status = RS_EXIT_HOLDS;
    if (rs_ranks_number(ranks) > 0) {
        rs_rank_task_serve(ranks);
    } else {
        status = close_stdout(run_command(ranks, argc, argv));
    }
    rs_ranks_leave(ranks, status);
    return status;
}
