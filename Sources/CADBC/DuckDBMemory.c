#define _GNU_SOURCE
#include "CADBC.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

/// jemalloc 5's `extent_hooks_t`: where an arena's memory comes from (jemalloc.net, "arena.<i>.extent_hooks").
struct extent_hooks {
    void *(*alloc)(struct extent_hooks *, void *, size_t, size_t, bool *, bool *, unsigned);
    bool (*dalloc)(struct extent_hooks *, void *, size_t, bool, unsigned);
    void (*destroy)(struct extent_hooks *, void *, size_t, bool, unsigned);
    bool (*commit)(struct extent_hooks *, void *, size_t, size_t, size_t, unsigned);
    bool (*decommit)(struct extent_hooks *, void *, size_t, size_t, size_t, unsigned);
    bool (*purge_lazy)(struct extent_hooks *, void *, size_t, size_t, size_t, unsigned);
    bool (*purge_forced)(struct extent_hooks *, void *, size_t, size_t, size_t, unsigned);
    bool (*split)(struct extent_hooks *, void *, size_t, size_t, size_t, bool, unsigned);
    bool (*merge)(struct extent_hooks *, void *, size_t, void *, size_t, bool, unsigned);
};

static const size_t huge_page = 2u << 20;

/// How long memory that DuckDB let go of waits to be used again. Longer than from one commit to the next, or each would begin
/// on new pages.
static const ssize_t keep_milliseconds = 60000;

/// New zero pages, huge ones where the system has them. Called for a few MiB at a time, more each time.
static void *take(struct extent_hooks *hooks, void *at, size_t size, size_t alignment, bool *zero, bool *commit, unsigned arena) {
    (void)hooks, (void)arena;
    if (at) return NULL;
    if (alignment < huge_page) alignment = huge_page;
    char *start = mmap(NULL, size + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return NULL;
    size_t before = (alignment - (uintptr_t)start % alignment) % alignment;
    char *aligned = start + before;
    if (before > 0) munmap(start, before);
    if (alignment > before) munmap(aligned + size, alignment - before);
    madvise(aligned, size, MADV_HUGEPAGE);
    *zero = true;
    *commit = true;
    return aligned;
}

/// Gives pages back that were not used for long, or when a database is closed; the addresses stay.
static bool purge(struct extent_hooks *hooks, void *base, size_t size, size_t offset, size_t length, unsigned arena) {
    (void)hooks, (void)size, (void)arena;
    return madvise((char *)base + offset, length, MADV_DONTNEED) != 0;
}

static bool split(struct extent_hooks *hooks, void *base, size_t size, size_t a, size_t b, bool committed, unsigned arena) {
    (void)hooks, (void)base, (void)size, (void)a, (void)b, (void)committed, (void)arena;
    return false;
}

static bool merge(struct extent_hooks *hooks, void *a, size_t a_size, void *b, size_t b_size, bool committed, unsigned arena) {
    (void)hooks, (void)a, (void)a_size, (void)b, (void)b_size, (void)committed, (void)arena;
    return false;
}

/// What is missing is kept as it is: address space is never returned, and all memory is committed.
static struct extent_hooks huge_hooks = {.alloc = take, .purge_forced = purge, .split = split, .merge = merge};

int fraud_duckdb_use_huge_pages(void *symbol) {
    int (*control)(const char *, void *, size_t *, void *, size_t);
    memcpy(&control, &symbol, sizeof control);
    unsigned arenas = 0;
    size_t size = sizeof arenas;
    if (control("opt.narenas", &arenas, &size, NULL, 0) != 0) return 0;
    int changed = 0;
    for (unsigned i = 0; i < arenas; i++) {
        char name[48];
        snprintf(name, sizeof name, "arena.%u.extent_hooks", i);
        struct extent_hooks *hooks = &huge_hooks;
        if (control(name, NULL, NULL, &hooks, sizeof hooks) == 0) changed++;
        snprintf(name, sizeof name, "arena.%u.dirty_decay_ms", i);
        ssize_t keep = keep_milliseconds;
        control(name, NULL, NULL, &keep, sizeof keep);
    }
    return changed;
}
