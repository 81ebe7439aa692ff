/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "share.h"

/* _POSIX_PIPE_BUF is 512; every system of today takes 4096 in one piece, and 512 is enough. */
enum { FRAME_MAX = 4096, READ_AT_ONCE = 1 << 16 };

struct frame_head {
    uint32_t kind, n;
};

static int write_frame(int fd, const unsigned char *frame, size_t n)
{
    ssize_t done;
    do {
        done = write(fd, frame, n);
    } while (done < 0 && errno == EINTR);
    return done == (ssize_t)n ? 0 : -1;
}

int rs_share_send(int fd, enum share_frame_kind kind, const void *p, size_t n)
{
    unsigned char frame[FRAME_MAX];
    const struct frame_head head = {kind, (uint32_t)n};
    assert(n <= FRAME_MAX - sizeof head);
    memcpy(frame, &head, sizeof head);
    if (n > 0) /* p may be NULL then, which memcpy does not take */
        memcpy(frame + sizeof head, p, n);
    return write_frame(fd, frame, sizeof head + n);
}

int rs_share_send_record(int fd,
                         const struct share_record *r,
                         const uint32_t *setting,
                         const double *sample,
                         int n_sample)
{
    const size_t room = FRAME_MAX - sizeof(struct frame_head);
    size_t n_setting = r->n * sizeof *setting, n_samples = (size_t)n_sample * sizeof *sample;
    size_t n = sizeof *r + n_setting + n_samples;
    unsigned char *all = rs_xrealloc(NULL, n);
    memcpy(all, r, sizeof *r);
    memcpy(all + sizeof *r, setting, n_setting);
    memcpy(all + sizeof *r + n_setting, sample, n_samples);
    int status = 0;
    for (size_t at = 0; at < n && status == 0; at += room) {
        bool is_last = n - at <= room;
        status = rs_share_send(fd, is_last ? RS_FRAME_LAST : RS_FRAME_MORE, all + at,
                               is_last ? n - at : room);
    }
    free(all);
    return status;
}

/* ---- the other end --------------------------------------------------------------------------------------------------- */

static void append(struct bytes *to, const void *p, size_t n)
{
    if (to->n + n > to->cap) {
        to->cap = 2 * (to->n + n);
        to->p = rs_xrealloc(to->p, to->cap);
    }
    memcpy(to->p + to->n, p, n);
    to->n += n;
}

static void take_record(struct share_inbox *in)
{
    struct share_record r;
    size_t n_samples = (size_t)in->n_sample * sizeof(double);
    assert(in->part.n >= sizeof r);
    memcpy(&r, in->part.p, sizeof r);
    assert(in->part.n == sizeof r + r.n * sizeof(uint32_t) + n_samples);
    if (in->n == in->cap) {
        in->cap = in->cap ? 2 * in->cap : 64;
        in->history = rs_xrealloc(in->history, in->cap * sizeof *in->history);
    }
    struct share_history *h = &in->history[in->n++];
    *h = (struct share_history){.replica = r.replica, .sim_ns = r.sim_ns, .n = (uint32_t)r.n};
    h->setting = rs_xcalloc(r.n + 1, sizeof *h->setting);
    h->sample = rs_xcalloc((size_t)in->n_sample + 1, sizeof *h->sample);
    memcpy(h->setting, in->part.p + sizeof r, r.n * sizeof *h->setting);
    memcpy(h->sample, in->part.p + sizeof r + r.n * sizeof *h->setting, n_samples);
    in->part.n = 0;
}

static void take_failure(struct share_inbox *in, const unsigned char *p, size_t n)
{
    assert(n == sizeof in->failed_replica + sizeof in->err);
    in->failed = true;
    memcpy(&in->failed_replica, p, sizeof in->failed_replica);
    memcpy(&in->err, p + sizeof in->failed_replica, sizeof in->err);
}

static void
take_frame(struct share_inbox *in, const struct frame_head *head, const unsigned char *p)
{
    switch ((enum share_frame_kind)head->kind) {
    case RS_FRAME_MORE: append(&in->part, p, head->n); break;
    case RS_FRAME_LAST:
        append(&in->part, p, head->n);
        take_record(in);
        break;
    case RS_FRAME_DONE: in->n_done++; break;
    case RS_FRAME_FAILED: take_failure(in, p, head->n); break;
    case RS_FRAME_END: in->ended = true; break;
    }
}

bool rs_share_receive(struct share_inbox *in)
{
    struct bytes *raw = &in->raw;
    size_t at = 0;
    if (raw->cap - raw->n < READ_AT_ONCE) {
        raw->cap = raw->n + READ_AT_ONCE;
        raw->p = rs_xrealloc(raw->p, raw->cap);
    }
    ssize_t got = read(in->fd, raw->p + raw->n, READ_AT_ONCE);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    raw->n += (size_t)got;
    for (struct frame_head head; raw->n - at >= sizeof head; at += sizeof head + head.n) {
        memcpy(&head, raw->p + at, sizeof head);
        if (raw->n - at < sizeof head + head.n)
            break;
        take_frame(in, &head, raw->p + at + sizeof head);
    }
    memmove(raw->p, raw->p + at, raw->n - at);
    raw->n -= at;
    return true;
}

void rs_share_inbox_clear(struct share_inbox *in)
{
    for (size_t i = 0; i < in->n; i++) {
        free(in->history[i].setting);
        free(in->history[i].sample);
    }
    free(in->history);
    free(in->raw.p);
    free(in->part.p);
    *in = (struct share_inbox){.fd = -1};
}
