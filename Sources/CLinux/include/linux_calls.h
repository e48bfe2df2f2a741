// The system calls of Linux that Swift cannot reach: GNU extensions, variadic calls, macros, and
// the one signal handler. Only the room Syscalls imports this. Every function returns as the call
// it wraps does, with errno set.
#ifndef LINUX_CALLS_H
#define LINUX_CALLS_H

#include <stddef.h>
#include <stdint.h>
// Not in Swift's module of the C library: re-exported as they are.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/// The processors this thread may run on, as a bit mask of `byte_count` bytes. 0 or -1.
int linux_get_affinity(uint8_t *mask, size_t byte_count);
/// Binds this thread to the processors of the mask. 0 or -1.
int linux_set_affinity(const uint8_t *mask, size_t byte_count);
/// Names this thread; at most 15 bytes count.
void linux_set_thread_name(const char *name);

/// Sleeps while `*word == expected`, at most `timeout_ns` (negative: for ever).
/// 0 when woken, -1 with EAGAIN (another value), ETIMEDOUT or EINTR.
int linux_futex_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);
/// Wakes at most `count` sleepers. How many, or -1.
int linux_futex_wake(const uint32_t *word, int count);

/// accept4 with SOCK_NONBLOCK | SOCK_CLOEXEC.
int linux_accept(int listener);
/// SO_PEERCRED. 0 or -1.
int linux_peer_credentials(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid);
/// recvmsg with no room for control data, so that descriptors a peer passes along are closed by
/// the kernel. How many bytes, or -1; `*dropped` is 1 when something was passed along.
ptrdiff_t linux_receive(int socket, void *buffer, size_t byte_count, int *dropped);

/// What stood at one path then stands at the other, in one step. 0 or -1.
int linux_exchange(const char *one, const char *other);

/// syncfs of the file system that the descriptor is on. 0 or -1.
int linux_sync_file_system(int descriptor);

/// mmap of anonymous private memory. NULL on failure.
void *linux_map_anonymous(size_t byte_count);

/// Columns and rows of the terminal at the descriptor. 0, or -1 where it is none.
int linux_terminal_size(int descriptor, uint16_t *columns, uint16_t *rows);

/// Installs the handler for SIGBUS: it writes one line to standard error, which begins with
/// `prefix` (kept, not copied) and names the registered mapping the fault lies in, if any, and ends
/// the process with `exit_code`.
int linux_end_on_bus_error(int exit_code, const char *prefix);
/// Registers and forgets a mapping for that line. `name` must stay valid until forgotten.
/// A full table is no error: the line then names no file.
void linux_register_mapping(const void *base, size_t byte_count, const char *name);
void linux_forget_mapping(const void *base);

#endif
