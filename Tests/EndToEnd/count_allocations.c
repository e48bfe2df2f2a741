// Stands before malloc by LD_PRELOAD and counts calls; the sum goes to standard error at the end.
// Swift's own allocations all come here, aligned ones (posix_memalign) too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_long count;

void *malloc(size_t size) {
    static void *(*next)(size_t);
    if (next == NULL) next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    atomic_fetch_add(&count, 1);
    return next(size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    static int (*next)(void **, size_t, size_t);
    if (next == NULL) next = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
    atomic_fetch_add(&count, 1);
    return next(out, alignment, size);
}

__attribute__((destructor)) static void tell(void) {
    fprintf(stderr, "allocations %ld\n", atomic_load(&count));
}
