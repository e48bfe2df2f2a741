// Standard output in whole lines, gathered into large writes.
//
// It never waits for a slow reader without also listening for Ctrl-C: pipes and terminals are
// written in pieces that are known to fit (POSIX: a writable pipe takes PIPE_BUF bytes). After an
// interrupt it takes nothing more, what is pending is cut after its current line, and a reader that
// does not read has a second for it. A reader that has gone ends it quietly. To a terminal goes no
// control that was not meant: fields that JSON lines carry through come from anybody.

import Syscalls

package struct OutputStream: ~Copyable {
    /// POSIX's least is 512, Linux has 4096.
    private static let pieceBytes = 4096
    private static let flushAbove = 64 << 10
    private static let lastWordsTime: Duration = .seconds(1)

    private let number: Int32
    private let signals: Int32
    private let isTerminal: Bool
    private var pending: [UInt8] = []
    /// Until when what is pending may be written; nil: nobody wants to stop.
    private var end: MonotonicClock.Instant?

    package var isInterrupted: Bool { end != nil }

    /// - Parameter signals: readable when the user wants to stop.
    package init(_ number: Int32, signals: Int32) {
        self.number = number
        self.signals = signals
        isTerminal = Syscalls.isTerminal(number)
    }

    /// Takes whole lines; after an interrupt, none.
    package mutating func write(_ lines: some Sequence<UInt8>) throws(Failure) {
        guard !isInterrupted else { return }
        if isTerminal {
            let text = String(decoding: Array(lines), as: UTF8.self)
            pending.append(contentsOf: text.withEscapedControls.utf8)
        } else {
            pending.append(contentsOf: lines)
        }
        if pending.count > Self.flushAbove { try flush() }
    }

    package mutating func flush() throws(Failure) {
        var sent = 0
        while sent < pending.count {
            guard waitForRoom(sent) else { break }
            let end = min(sent + Self.pieceBytes, pending.count)
            sent += try writePiece(sent..<end)
        }
        pending.removeAll(keepingCapacity: true)
    }

    /// From now on only what is pending is written, and soon.
    package mutating func interrupt() {
        if end == nil { end = MonotonicClock.now.advanced(by: Self.lastWordsTime) }
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

    /// False: there is no more time.
    private mutating func waitForRoom(_ sent: Int) -> Bool {
        if !isInterrupted {
            var entries = [PollEntry(number, toWrite: true), PollEntry(signals, toRead: true)]
            try? waitForAny(&entries, milliseconds: -1)
            guard entries[1].isReadable, !entries[0].isWritable else { return true }
            interrupt()
            cutBehindLine(sent)
        }
        var entries = [PollEntry(number, toWrite: true)]
        while let end, !entries[0].isWritable {
            let now = MonotonicClock.now
            guard now < end else { return false }
            try? waitForAny(&entries, milliseconds: Int32(end.since(now) / 1_000_000 + 1))
        }
        return true
    }

    private mutating func cutBehindLine(_ sent: Int) {
        let rest = pending[sent...]
        let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? pending.count
        pending.removeLast(pending.count - lineEnd)
    }
}
