/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a recording, as a rate series and as a request log: never a crash, and what is read keeps its promises. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../scenarios/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int status, const struct recording *rec, const struct err_list *errors)
{
    if ((status == 0) != (errors->n == 0)) {
        abort();
    }
    for (int i = 0; status == 0 && i < rec->n; i++) {
        bool in_span = rec->at_s[i] >= 0.0 && rec->at_s[i] <= rec->span_s;
        bool in_order = i == 0 || (rec->per_s ? rec->at_s[i] > rec->at_s[i - 1]
                                              : rec->at_s[i] >= rec->at_s[i - 1]);
        if (!in_span || !in_order || (rec->per_s && !(rec->per_s[i] >= 0.0))) {
            abort();
        }
    }
    if (status == 0 && (rec->n < 1 || !(rec->span_s > 0.0) || !(rec->mean_per_s >= 0.0))) {
        abort();
    }
}

static void run(const struct recording_spec *spec, bool is_log)
{
    struct err_list errors;
    struct recording rec;
    struct arena *arena = rs_arena_new();
    rs_err_list_init(&errors);
    int status = is_log ? rs_request_log_read(&rec, arena, spec, &errors)
                        : rs_recording_read(&rec, arena, spec, &errors);
    check(status, &rec, &errors);
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/rollsim-fuzz-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    close(fd);
    const struct recording_spec specs[] = {
        {.path = path, .use_s = INFINITY, .form.time_unit_s = 1.0},
        {.path = path, .use_s = 100.0, .skip_s = 1.5, .every_s = 0.7, .form.time_unit_s = 1e-3},
        {.path = path, .use_s = INFINITY, .column = "b", .form.time_unit_s = 1.0},
    };
    for (int i = 0; i < 6; i++) {
        run(&specs[i / 2], i % 2 == 1);
    }
    unlink(path);
    return 0;
}
