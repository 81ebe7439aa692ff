/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For looking: draw_made DIR [svg|png] [full|empty|bare|awkward] draws all pictures of a made-up run into DIR; of a search: search-four, search-three, ...; of a retrospective: retro-full, retro-one, ... */
#include <stdio.h>
#include <string.h>

#include "make_db.h"
#include "make_retro.h"
#include "make_search.h"
#include "plots/plots.h"

static void say(void *ctx, const char *path)
{
    (void)ctx;
    puts(path);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"full", "empty", "bare", "awkward"};
    char db[512];
    struct err err = {0};
    int kind = 0;
    for (int i = 0; argc > 3 && i < 4; i++) {
        if (strcmp(argv[3], kinds[i]) == 0)
            kind = i;
    }
    if (argc < 2)
        return 2;
    snprintf(db, sizeof db, "%s.db", argv[1]);
    make_db(db, (enum made_kind)kind);
    for (int i = 0; argc > 3 && i < SEARCH_N; i++) {
        char name[48];
        snprintf(name, sizeof name, "search-%s", made_search_name[i]);
        if (strcmp(argv[3], name) == 0)
            make_search(db, (enum made_search)i);
    }
    for (int i = 0; argc > 3 && i < RETRO_N; i++) {
        char name[48];
        snprintf(name, sizeof name, "retro-%s", past_fixture_name[i]);
        if (strcmp(argv[3], name) == 0)
            make_retro(db, (enum past_fixture)i);
    }
    struct plot_options opt = {
        .out_dir = argv[1], .format = argc > 2 ? argv[2] : "png", .wrote = say};
    if (rs_plot_record(db, &opt, &err) == 0)
        return 0;
    rs_err_print(&err, stderr);
    return 1;
}
