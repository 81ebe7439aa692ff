/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target over files without a fuzzer: every file named, every file in the directories
 * named.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t n = 0, cap = 0, got;

    if (f == NULL) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        return -1;
    }
    do {
        if (n == cap) {
            uint8_t *more = realloc(data, cap = 2 * cap + 4096);

            if (more == NULL) {
                abort();
            }
            data = more;
        }
        got = fread(data + n, 1, cap - n, f);
        n += got;
    } while (got > 0);
    (void)fclose(f);
    /* A copy of the exact size: a sanitizer then sees reads past the end. */
    {
        uint8_t *exact = malloc(n > 0 ? n : 1);

        if (exact == NULL) {
            abort();
        }
        for (size_t i = 0; i < n; i++) {
            exact[i] = data[i];
        }
        (void)LLVMFuzzerTestOneInput(exact, n);
        free(exact);
    }
    free(data);
    return 0;
}

/* Returns the number of files run, -1 if something could not be read. */
static int replay(const char *path)
{
    struct dirent **entry;
    struct stat st;
    int n, done = 0;

    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        return replay_file(path) < 0 ? -1 : 1;
    }
    n = scandir(path, &entry, NULL, alphasort);
    if (n < 0) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        return -1;
    }
    for (int i = 0; i < n; i++) {
        char file[4096];

        (void)snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.' && stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
            done >= 0) {
            done = replay_file(file) < 0 ? -1 : done + 1;
        }
        free(entry[i]);
    }
    free(entry);
    return done;
}

int main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++) {
        int done = replay(argv[i]);

        if (done < 0) {
            return 1;
        }
        n += done;
    }
    printf("replayed %d inputs\n", n);
    return 0;
}
