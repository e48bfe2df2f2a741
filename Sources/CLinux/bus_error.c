// The handler for SIGBUS: a mapped file was truncated under us, and its pages are gone.
//
// There is no way on: the weights are no longer what was verified. The handler uses only
// async-signal-safe calls (write, _exit) and a table of fixed size whose entries are published and
// withdrawn with atomic stores, so it may run at any instruction of any thread.
#define _GNU_SOURCE
#include "linux_calls.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { mapping_slots = 64 };

static struct {
    _Atomic(uintptr_t) base;
    _Atomic(size_t) byte_count;
    _Atomic(const char *) name;
} mappings[mapping_slots];

static int exit_code_on_bus_error;
static const char *line_prefix = "";

static void write_text(const char *text) {
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static const char *mapping_of(uintptr_t address) {
    for (int slot = 0; slot < mapping_slots; slot++) {
        uintptr_t base = atomic_load(&mappings[slot].base);
        size_t byte_count = atomic_load(&mappings[slot].byte_count);
        if (base != 0 && address >= base && address - base < byte_count)
            return atomic_load(&mappings[slot].name);
    }
    return NULL;
}

static void on_bus_error(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)context;
    const char *name = mapping_of((uintptr_t)info->si_addr);
    write_text(line_prefix);
    write_text("memory of a mapped file is gone: ");
    write_text(name != NULL ? name : "an unknown file");
    write_text(" was truncated or its disk failed; replace files by renaming, never in place\n");
    _exit(exit_code_on_bus_error);
}

int linux_end_on_bus_error(int exit_code, const char *prefix) {
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    exit_code_on_bus_error = exit_code;
    line_prefix = prefix;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, NULL);
}

void linux_register_mapping(const void *base, size_t byte_count, const char *name) {
    for (int slot = 0; slot < mapping_slots; slot++) {
        uintptr_t expected = 0;
        // A slot is claimed with a base that holds no address, then filled, then published.
        if (!atomic_compare_exchange_strong(&mappings[slot].base, &expected, UINTPTR_MAX)) continue;
        atomic_store(&mappings[slot].byte_count, byte_count);
        atomic_store(&mappings[slot].name, name);
        atomic_store(&mappings[slot].base, (uintptr_t)base);
        return;
    }
}

void linux_forget_mapping(const void *base) {
    if (base == NULL) return;
    for (int slot = 0; slot < mapping_slots; slot++)
        if (atomic_load(&mappings[slot].base) == (uintptr_t)base) {
            atomic_store(&mappings[slot].name, NULL);
            atomic_store(&mappings[slot].base, 0);
        }
}
