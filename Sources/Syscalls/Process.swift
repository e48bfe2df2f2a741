// This process: its environment, its identity, its ends.
//
// The environment is only read and changed before the first thread starts: the C library's
// functions for it are not safe beside each other.

internal import CLinux
internal import Glibc

/// A variable of the environment; an empty one counts as absent.
package func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}

package func setEnvironment(_ name: String, _ value: String) { setenv(name, value, 1) }

package func removeEnvironment(_ name: String) { unsetenv(name) }

package enum ThisProcess {
    package static var identifier: Int32 { getpid() }
    /// The effective user and group.
    package static var user: UInt32 { geteuid() }
    package static var group: UInt32 { getegid() }

    package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }

    /// Starts this program anew in the same process, with the environment as it now is.
    /// - Returns: only by throwing.
    package static func executeAgain() throws(Errno) -> Never {
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        // By its own name: the kernel shows the last component as the process's.
        let program = try readLink("/proc/self/exe")
        execv(program, arguments)
        let code = errno
        for argument in arguments { free(argument) }
        throw Errno(code, "execute \(program)")
    }

    /// Raises the soft limit of open descriptors to the hard one and returns it.
    package static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return 1024
        }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// Writing to a closed pipe gives EPIPE instead of ending the process.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Threads that can work at once: one a processor that this process may run on, but no more
    /// than its quota allows, lest all stand still for the rest of each period.
    package static var processorCount: Int {
        let paid = ControlGroup().processorQuota.map { max(1, Int($0)) }
        return min(allowedProcessors.count, paid ?? .max)
    }

    package static var allowedProcessors: [Int] {
        var mask = [UInt8](repeating: 0, count: 128)  // 1024 processors, as cpu_set_t has
        guard linux_get_affinity(&mask, mask.count) == 0 else { return [0] }
        return (0..<mask.count * 8).filter { mask[$0 / 8] & (1 << ($0 % 8)) != 0 }
    }

    /// The most memory that was ever resident, in bytes.
    package static var residentPeak: Int {
        var usage = rusage()
        // ru_maxrss is in kilobytes.
        return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0
            ? Int(usage.ru_maxrss) << 10 : 0
    }

    /// Resident memory in bytes: all of it, and what files share of it.
    package static var residentBytes: (all: Int, ofFiles: Int) {
        // statm: size resident shared ..., in pages.
        guard let bytes = try? readFile("/proc/self/statm", limit: 4096) else { return (0, 0) }
        let fields = bytes.split(separator: UInt8(ascii: " ")).map {
            Int(String(decoding: $0, as: UTF8.self)) ?? 0
        }
        guard fields.count > 2 else { return (0, 0) }
        let page = sysconf(Int32(_SC_PAGESIZE))
        return (fields[1] * page, fields[2] * page)
    }
}

extension ThisProcess {
    /// From now on a mapped file that lost its pages ends the process with this status, after one
    /// line on standard error that names the file.
    /// - Parameter prefix: what the line begins with.
    package static func endOnBusError(exitStatus: Int32, prefix: String) {
        // The handler may run at any time until the end, so the copy is never freed.
        _ = linux_end_on_bus_error(exitStatus, strdup(prefix))
    }
}

/// The names of all variables that this process was started with.
package func environmentNames() -> [String] {
    let bytes = (try? readFile("/proc/self/environ", limit: 8 << 20)) ?? []
    return bytes.split(separator: 0).map { entry in
        String(decoding: entry.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }
}
