// The part of libsystemd that the service speaks: notify, inherited sockets, journal.
#include <stddef.h>
#include <sys/uio.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

/// Sends one entry of `count` fields, which lie back to back in `bytes`. 0, or -errno.
static inline int textflix_journal_send(
    const unsigned char *bytes, const ptrdiff_t *lengths, int count) {
    struct iovec fields[16];
    if (count > 16) count = 16;
    for (int index = 0; index < count; index++) {
        fields[index] = (struct iovec){(void *)bytes, (size_t)lengths[index]};
        bytes += lengths[index];
    }
    return sd_journal_sendv(fields, count);
}
