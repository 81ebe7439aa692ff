/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "page_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

/* The whole file with a NUL behind it (owned), or NULL. */
static char *read_all(const char *path, size_t *out_n, struct err *err)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        rs_err_set(err, RS_E_IO, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    char *buf = NULL;
    size_t n = 0, cap = 0, got;
    do {
        if (n + 1 >= cap) {
            cap = cap ? 2 * cap : 1 << 16;
            buf = rs_xrealloc(buf, cap);
        }
        got = fread(buf + n, 1, cap - n - 1, f);
        n += got;
    } while (got > 0);
    buf[n] = '\0';
    int failed = ferror(f);
    fclose(f);
    if (failed) {
        free(buf);
        rs_err_set(err, RS_E_IO, "cannot read %s", path);
        return NULL;
    }
    *out_n = n;
    return buf;
}

static void put_escaped(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == '&')
            fputs("&amp;", f);
        else if (*s == '<')
            fputs("&lt;", f);
        else if (*s == '>')
            fputs("&gt;", f);
        else if ((unsigned char)*s >= 32)
            fputc(*s, f);
    }
}

/* Writes text[0..n) without the digits after id="surface. */
static void put_body(FILE *f, const char *text, size_t n)
{
    static const char mark[] = "\"surface";
    const char *end = text + n;
    while (text < end) {
        const char *hit = strstr(text, mark);
        const char *stop = hit ? hit + sizeof mark - 1 : end;
        fwrite(text, 1, (size_t)(stop - text), f);
        for (text = stop; hit && *text >= '0' && *text <= '9';)
            text++;
    }
}

static int write_svg(const char *path,
                     const char *title,
                     int n_text,
                     const struct set_text *text,
                     const char *svg,
                     size_t n,
                     const char *body,
                     struct err *err)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        return rs_err_set(err, RS_E_IO, "cannot write %s: %s", path, strerror(errno));
    fwrite(svg, 1, (size_t)(body - svg), f);
    fputs("\n<title>", f);
    put_escaped(f, title);
    fputs("</title>\n<desc>", f);
    for (int i = 0; i < n_text; i++) {
        put_escaped(f, text[i].text);
        fputc('\n', f);
    }
    fputs("</desc>", f);
    put_body(f, body, n - (size_t)(body - svg));
    int failed = ferror(f);
    if (fclose(f) || failed)
        return rs_err_set(err, RS_E_IO, "cannot write %s: the disk may be full", path);
    return 0;
}

int rs_page_file_svg(
    const char *path, const char *title, int n_text, const struct set_text *text, struct err *err)
{
    static const char tail[] = "</svg>";
    size_t n = 0;
    char *svg = read_all(path, &n, err);
    if (!svg)
        return -1;
    const char *root = strstr(svg, "<svg"), *body = root ? strchr(root, '>') : NULL;
    int status = -1;
    if (!body || !strstr(n > 32 ? svg + n - 32 : svg, tail))
        rs_err_set(err, RS_E_IO, "%s was cut short: the disk may be full", path);
    else
        status = write_svg(path, title, n_text, text, svg, n, body + 1, err);
    free(svg);
    return status;
}

int rs_page_file_png(const char *path, struct err *err)
{
    static const char last_chunk[8] = {'I', 'E', 'N', 'D', '\xae', '\x42', '\x60', '\x82'};
    size_t n = 0;
    char *png = read_all(path, &n, err);
    if (!png)
        return -1;
    int whole = n > 8 && memcmp(png + n - 8, last_chunk, 8) == 0;
    free(png);
    if (!whole)
        return rs_err_set(err, RS_E_IO, "%s was cut short: the disk may be full", path);
    return 0;
}
