// Standard output in whole lines, gathered into large writes.
//
// It never waits for a slow reader without also listening for Ctrl-C: pipes and terminals are
// written in pieces that are known to fit (POSIX: a writable pipe takes PIPE_BUF bytes). After an
// interrupt what is pending is cut after its current line. A reader that has gone ends it quietly.

import CommandLineTable
import Syscalls

package struct OutputStream: ~Copyable {
    /// POSIX's least is 512, Linux has 4096.
    private static let pieceBytes = 4096
    private static let flushAbove = 64 << 10

    private let number: Int32
    private let signals: Int32
    private var pending: [UInt8] = []
    package private(set) var isInterrupted = false

    /// - Parameter signals: readable when the user wants to stop.
    package init(_ number: Int32, signals: Int32) {
        self.number = number
        self.signals = signals
    }

    /// Takes whole lines.
    package mutating func write(_ lines: some Sequence<UInt8>) throws(Failure) {
        pending.append(contentsOf: lines)
        if pending.count > Self.flushAbove { try flush() }
    }

    package mutating func flush() throws(Failure) {
        var sent = 0
        while sent < pending.count {
            try waitForRoom(sent)
            let end = min(sent + Self.pieceBytes, pending.count)
            sent += try writePiece(sent..<end)
        }
        pending.removeAll(keepingCapacity: true)
    }

    private func writePiece(_ range: Range<Int>) throws(Failure) -> Int {
        var failure: Errno?
        let count = pending.withUnsafeBytes { bytes -> Int in
            do throws(Errno) {
                return try writeOnce(number, UnsafeRawBufferPointer(rebasing: bytes[range]))
            } catch {
                failure = error
                return 0
            }
        }
        switch failure {
        case nil, .some(.wouldBlock): return count
        case .some(.brokenPipe): throw Failure(.brokenPipe, "")
        case .some(let error): throw Failure(.inputOutput, "writing: \(error.message)")
        }
    }

    private mutating func waitForRoom(_ sent: Int) throws(Failure) {
        guard !isInterrupted else { return }
        var entries = [PollEntry(number, toWrite: true), PollEntry(signals, toRead: true)]
        try? waitForAny(&entries, milliseconds: -1)
        guard entries[1].isReadable, !entries[0].isWritable else { return }
        isInterrupted = true
        let rest = pending[sent...]
        let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? pending.count
        pending.removeLast(pending.count - lineEnd)
    }
}
