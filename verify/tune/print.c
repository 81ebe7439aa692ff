/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's page of a search. */
#include <inttypes.h>

#include "report_words.h"
#include "text_table.h"
#include "tune/print_parts.h"

static int within_limits(int width)
{
    return width < 60 ? 60 : width > 200 ? 200 : width;
}

static void print_head(FILE *to, const struct tune_result *r, int width, bool colour)
{
    const struct scenario *sc = r->scenario;
    struct arena *arena = rs_arena_new();
    rs_text_styled(to, RS_STYLE_BOLD, colour, sc->title ? sc->title : sc->name);
    fprintf(to, "  seed %" PRIu64 "%s\n", r->seed,
            r->stopped ? ", cut short: what was found so far" : "");
    const char *looked = rs_arena_printf(
        arena, "%d parameter%s; looked at %s, in %" PRIu64 " histories that stand for %" PRIu64 ".",
        r->plan->n_param, r->plan->n_param == 1 ? "" : "s", rs_tune_scope(arena, r), r->n_history,
        r->n_asked);
    rs_text_wrap(to, looked, 2, width);
    if (r->chosen_why)
        rs_text_wrap(to, rs_arena_printf(arena, "Chosen: %s", r->chosen_why), 2, width);
    fputc('\n', to);
    rs_arena_free(arena);
}

static void print_patch(
    FILE *to, const struct tune_result *r, const struct tune_words *words, int width, bool colour)
{
    int n = rs_tune_n_changed(r);
    if (r->chosen < 0)
        return;
    if (n == 0) {
        rs_text_wrap(to, "Today's setting is the chosen one: there is nothing to change.", 0,
                     width);
        fputc('\n', to);
        return;
    }
    rs_text_styled(to, RS_STYLE_BOLD, colour,
                   rs_tune_status(r) == 0 ? "The patch (--write puts it into the files)"
                                          : "The patch (not proved, so --write refuses it)");
    fprintf(to, "\n%s\n", words->diff);
}

void rs_tune_print_text(
    FILE *to, const struct tune_result *r, const struct tune_words *words, int width, bool colour)
{
    int columns = within_limits(width);
    struct arena *arena = rs_arena_new();
    print_head(to, r, columns, colour);
    rs_tune_print_parameters(to, r, columns, colour);
    rs_tune_print_front(to, r, columns, colour);
    rs_tune_print_claims(to, r, columns, colour);
    rs_tune_print_sensitivity(to, r, columns, colour);
    rs_tune_print_unsaved(to, r, columns, colour);
    rs_tune_print_proof(to, r, columns, colour);
    print_patch(to, r, words, columns, colour);
    fprintf(to, "again: %s\n", rs_tune_command(arena, r, words, false));
    const char *proof = rs_tune_proof_command(arena, r, words, false);
    if (proof)
        fprintf(to, "proof: %s%s\n", proof,
                rs_tune_n_changed(r) > 0 ? "   (once the patch is in)" : "");
    rs_arena_free(arena);
}
