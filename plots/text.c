/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How wide a text is, without asking the drawing library: the layout must not depend on the device. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "canvas.h"

/* Advance widths of U+0020..U+007E in thousandths of the em. Source: table hmtx of DejaVu Sans 2.37 and its Bold. */
static const int16_t advance[2][95] = {
    {318,  401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
     636,  636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
     1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
     603,  787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
     500,  613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
     635,  635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838},
    {348,  456, 521, 838, 696, 1002, 872, 306,  457, 457, 523, 838, 380, 415,  380, 365,
     696,  696, 696, 696, 696, 696,  696, 696,  696, 696, 400, 400, 838, 838,  838, 580,
     1000, 774, 762, 734, 830, 683,  683, 821,  837, 372, 372, 775, 637, 995,  837, 850,
     733,  850, 770, 720, 682, 812,  774, 1103, 771, 724, 725, 457, 365, 457,  838, 500,
     500,  675, 716, 593, 716, 678,  435, 716,  712, 343, 343, 665, 343, 1042, 712, 687,
     716,  716, 493, 595, 478, 712,  652, 924,  645, 652, 582, 712, 365, 712,  838}};

/* Characters outside ASCII count as wide as the widest that we set (the ellipsis). */
static const int other_advance = 1000;

/* The bytes of the UTF-8 character at s; a stray byte counts as one. */
static size_t char_length(const char *s)
{
    size_t n = 1;
    while (((unsigned char)s[n] & 0xc0) == 0x80)
        n++;
    return n;
}

double rs_label_width(const char *text, const struct text_style *style)
{
    double width = 0;
    for (const char *s = text; *s; s += char_length(s)) {
        unsigned char ch = (unsigned char)*s;
        int a = ch >= 32 && ch < 127 ? advance[style->bold][ch - 32] : other_advance;
        /* Hinted advances are whole pixels, so each may be rounded up. */
        width += fmax(a * style->size / 1000, round(a * style->size / 1000));
    }
    return width;
}

char *
rs_text_fit(char *buf, size_t n, const char *text, const struct text_style *style, double max_width)
{
    snprintf(buf, n, "%s", text);
    if (strlen(text) < n && rs_label_width(buf, style) <= max_width)
        return buf;
    size_t length = strlen(buf);
    while (length > 0) {
        do {
            length--;
        } while (length > 0 && ((unsigned char)buf[length] & 0xc0) == 0x80);
        if (length + 4 > n)
            continue;
        snprintf(buf + length, n - length, "…");
        if (rs_label_width(buf, style) <= max_width)
            break;
    }
    return buf;
}
