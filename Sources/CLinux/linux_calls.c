// Thin wrappers: one call each, no policy.
#define _GNU_SOURCE
#include "linux_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int linux_get_affinity(uint8_t *mask, size_t byte_count) {
    return sched_getaffinity(0, byte_count, (cpu_set_t *)mask);
}

int linux_set_affinity(const uint8_t *mask, size_t byte_count) {
    return sched_setaffinity(0, byte_count, (const cpu_set_t *)mask);
}

void linux_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }

int linux_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns) {
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    return (int)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                        timeout_ns < 0 ? NULL : &timeout, NULL, 0);
}

int linux_futex_wake(const uint32_t *word, int count) {
    return (int)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

int linux_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int linux_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}

ptrdiff_t linux_receive(int socket, void *buffer, size_t byte_count, int *dropped) {
    struct iovec piece = {buffer, byte_count};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ptrdiff_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    // With no control buffer the kernel truncates the control data and closes what it carried.
    *dropped = count >= 0 && (message.msg_flags & MSG_CTRUNC) != 0;
    return count;
}

void *linux_map_anonymous(size_t byte_count) {
    void *base =
        mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

int linux_exchange(const char *one, const char *other) {
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

int linux_sync_file_system(int descriptor) { return syncfs(descriptor); }

int linux_terminal_size(int descriptor, uint16_t *columns, uint16_t *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
