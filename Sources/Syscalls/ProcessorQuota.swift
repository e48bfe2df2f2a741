// How much processor time the kernel grants the control group of this process: CPUQuota= of a unit,
// the processors of a container.
//
//     /proc/self/cgroup   0::/system.slice/textflixd.service
//     cpu.max             200000 100000: 200 ms in every 100 ms, two processors
//                         max 100000: no limit
//
// Version 2 of control groups alone. A group is bound by those above it, so the least quota counts.
// Nothing is watched: a quota that changes later is met at the next start.

package enum ProcessorQuota {
    /// In processors; nil where there is no limit, or none that can be seen.
    package static func ofThisProcess(
        membership: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup"
    ) -> Double? {
        guard let bytes = try? readFile(membership, limit: 64 << 10),
            let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                .first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        var group = root
        var least = limit(of: group)
        for name in line.dropFirst("0::/".count).split(separator: "/") {
            group += "/\(name)"
            least = [least, limit(of: group)].compactMap(\.self).min()
        }
        return least
    }

    private static func limit(of group: String) -> Double? {
        guard let bytes = try? readFile("\(group)/cpu.max", limit: 4096) else { return nil }
        let fields = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let time = Double(fields[0]), let period = Double(fields[1]),
            time > 0, period > 0
        else { return nil }
        return time / period
    }
}
