// Datagrams to whoever listens at a path: sent now or not at all.

internal import Glibc

/// Sends to one path, which need not be there yet and may be made anew meanwhile.
package struct DatagramSender: ~Copyable, Sendable {
    private let socket: Descriptor
    private let path: String

    package init(to path: String) throws(Errno) {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        socket = Descriptor(
            adopting: try checked("socket") { Glibc.socket(AF_UNIX, kind, 0) })
        self.path = path
    }

    /// - Throws: `.noEntry` or `.connectionRefused` where nobody listens, `.wouldBlock` where the
    ///   other side has no room: it never waits.
    package borrowing func send(_ bytes: [UInt8]) throws(Errno) {
        let number = socket.number
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        try UnixSocket.withAddress(path) { (address, size) throws(Errno) in
            try perform("send to \(path)") {
                bytes.withUnsafeBytes {
                    sendto(number, $0.baseAddress, $0.count, flags, address, size)
                }
            }
        }
    }
}
