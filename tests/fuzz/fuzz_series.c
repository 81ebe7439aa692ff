/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as recorded series: never a crash; refused with words, or read into series in order. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/series.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct recorded *set)
{
    uint64_t n = 0;
    for (int i = 0; i < set->n_series; i++) {
        const struct recorded_series *s = &set->series[i];
        n += s->n;
        if (i > 0 && rs_labels_compare(set->labels, set->series[i - 1].labels, s->labels) >= 0) {
            abort();
        }
        for (size_t k = 1; k < s->n; k++) {
            if (s->sample[k].t_ms <= s->sample[k - 1].t_ms) {
                abort();
            }
        }
    }
    if (n != set->n_sample) {
        abort();
    }
}

static void run(const uint8_t *data, size_t size, const char *metric)
{
    struct err_list errors;
    struct recorded *set = rs_recorded_new(NULL);
    const struct series_options opt = {.metric = metric};
    enum series_format format;
    rs_err_list_init(&errors);
    int status = rs_series_parse(set, "fuzz", (const char *)data, size, &opt, &format, &errors);
    rs_recorded_sort(set);
    check_order(set);
    if ((status == 0) != (errors.n == 0)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0') {
            abort();
        }
    }
    rs_err_list_clear(&errors);
    rs_recorded_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(data, size, NULL);
    run(data, size, "m");
    return 0;
}
