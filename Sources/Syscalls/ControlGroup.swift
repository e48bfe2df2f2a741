// How much of the machine the kernel grants the control group of a process: CPUQuota= and
// MemoryMax= of a unit, the limits of a container.
//
//     /proc/PID/cgroup    0::/system.slice/textflixd.service
//     cpu.max             200000 100000: 200 ms in every 100 ms, two processors
//     memory.max          1073741824 bytes; memory.high likewise: the rest is taken back
//                         max, or max 100000: no limit
//
// Version 2 of control groups alone. A group is bound by those above it, so the least limit counts.
// Nothing is watched: a limit that changes later is met at the next look.

package struct ControlGroup {
    /// The group's folder and those above it; none where no group is seen.
    private let folders: [String]

    /// The group of this process.
    package init() { self.init(membership: "/proc/self/cgroup") }

    /// The group of another process.
    package init(ofProcess process: UInt32) { self.init(membership: "/proc/\(process)/cgroup") }

    package init(membership: String, root: String = "/sys/fs/cgroup") {
        guard let bytes = try? readFile(membership, limit: 64 << 10),
            let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                .first(where: { $0.hasPrefix("0::/") })
        else {
            folders = []
            return
        }
        var folders = [root]
        for name in line.dropFirst("0::/".count).split(separator: "/") {
            folders.append("\(folders[folders.count - 1])/\(name)")
        }
        self.folders = folders
    }

    /// In processors; nil where there is no limit, or none that can be seen.
    package var processorQuota: Double? {
        folders.compactMap { folder in
            let fields = Self.fields(of: "\(folder)/cpu.max")
            guard fields.count == 2, let time = Double(fields[0]), let period = Double(fields[1]),
                time > 0, period > 0
            else { return nil }
            return time / period
        }.min()
    }

    /// In bytes, page cache included; nil as above.
    package var memoryLimit: UInt64? {
        folders.flatMap { ["\($0)/memory.max", "\($0)/memory.high"] }.compactMap { file in
            let fields = Self.fields(of: file)
            return fields.count == 1 ? UInt64(fields[0]) : nil
        }.min()
    }

    private static func fields(of file: String) -> [Substring] {
        guard let bytes = try? readFile(file, limit: 4096) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    }
}
