/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLI_PICTURES_H
#define CLI_PICTURES_H

/* For struct plot_options: prints "picture: PATH" to the FILE that ctx is; NULL = says nothing. */
void rs_picture_wrote(void *ctx, const char *path);

#endif
