// One entry for the journal, in its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): fields in
// one datagram. libsystemd's own call waits for a journal that is stuck, and the daemon would too.
// Its way for entries that no datagram holds, a file in memory, is left out: values are cut.

struct JournalEntry {
    static let socketPath = "/run/systemd/journal/socket"
    /// More than any message of ours: what is longer is cut, so that it fits into a datagram.
    private static let mostBytes = 16 << 10

    private(set) var bytes: [UInt8] = []

    /// A value with a line end in it would be taken for two fields, and has its length before it.
    mutating func add(_ name: String, _ value: String) {
        let value = Array(value.utf8.prefix(Self.mostBytes))
        bytes += name.utf8
        if value.contains(UInt8(ascii: "\n")) {
            bytes.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += $0 }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value
        bytes.append(UInt8(ascii: "\n"))
    }
}
