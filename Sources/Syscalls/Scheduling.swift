// How soon this thread runs when it has something to do.

internal import Glibc

package enum SchedulingPriority: String, Sendable {
    /// Before every ordinary thread (SCHED_FIFO, lowest level).
    case realtime
    /// Preferred (nice -10).
    case preferred
    case ordinary

    /// Raises the calling thread as far as it is allowed to, and says how far that was. For a
    /// program that sleeps most of the time and must wake on time, such as a load generator.
    package static func raise() -> SchedulingPriority {
        var parameters = sched_param()
        parameters.sched_priority = 1
        if sched_setscheduler(0, SCHED_FIFO, &parameters) == 0 { return .realtime }
        if setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -10) == 0 { return .preferred }
        return .ordinary
    }
}
