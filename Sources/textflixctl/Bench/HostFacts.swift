// The machine that a run was made on, as far as it matters to the figures.

import Syscalls

struct HostFacts: Sendable, Equatable {
    var processor = "unknown"
    var processors = 1
    var kernel = "unknown"
    var memoryBytes: UInt64 = 0

    /// From /proc; what is not there stays unknown.
    static func read() -> HostFacts {
        var facts = HostFacts()
        facts.processors = ThisProcess.processorCount
        facts.processor = field("model name", in: "/proc/cpuinfo") ?? facts.processor
        if let bytes = try? readFile("/proc/sys/kernel/osrelease", limit: 4096) {
            facts.kernel = String(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" })
        }
        let memory = field("MemTotal", in: "/proc/meminfo") ?? ""
        facts.memoryBytes = (UInt64(memory.prefix { $0.isNumber }) ?? 0) << 10  // in kB
        return facts
    }

    /// The value of the first line `name : value`.
    private static func field(_ name: String, in path: String) -> String? {
        guard let bytes = try? readFile(path, limit: 1 << 20) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        where line.hasPrefix(name) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
        }
        return nil
    }
}
