// The part of libsystemd that the service speaks: notify and inherited sockets.
#include <systemd/sd-daemon.h>
