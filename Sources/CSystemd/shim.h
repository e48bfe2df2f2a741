// The part of libsystemd that the service speaks: notify, inherited sockets, journal.
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
