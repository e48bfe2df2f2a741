// Sockets that are made, found in the way, or already somebody's; and what the log lets through.

import Synchronization
import Syscalls
import TestSupport
import Testing

@testable import Service

@Suite struct ListenerTests {
    private func directory(_ body: (String) throws -> Void) throws {
        let folder = try TemporaryFolder("listener")
        try body(folder.path)
    }

    private func failure(_ path: String) -> StartFailure? {
        do {
            _ = try Listener.make(path: path, mode: 0o660)
            return nil
        } catch { return error }
    }

    @Test func itsModeIsAsAskedAndItLeavesNothing() throws {
        try directory { directory in
            let path = "\(directory)/s"
            do {
                let listener = try Listener.make(path: path, mode: 0o660)
                #expect(try FileStatus(path: path).mode == 0o660)
                #expect(listener.path == path)
            }
            #expect(try listDirectory(directory) == [])
        }
    }

    @Test func aLiveSocketIsNeverTaken() throws {
        try directory { directory in
            let path = "\(directory)/s"
            let owner = try Listener.make(path: path, mode: 0o600)
            let refusal = failure(path)
            #expect(refusal?.description == "another daemon holds \(path).lock, and so this socket")
            #expect(refusal?.exitStatus == .cannotCreate)
            _ = try UnixSocket.connect(path: owner.path)
        }
    }

    @Test func aLiveSocketWithoutALockIsNotTakenEither() throws {
        try directory { directory in
            let path = "\(directory)/s"
            let stranger = try UnixSocket.listen(path: path, backlog: 1)
            #expect(failure(path)?.exitStatus == .cannotCreate)
            _ = try UnixSocket.connect(path: path)
            _ = stranger.number
        }
    }

    @Test func aStaleSocketIsReplacedAnotherFileIsNot() throws {
        try directory { directory in
            let path = "\(directory)/s"
            do { _ = try UnixSocket.listen(path: path, backlog: 1) }
            #expect(failure(path) == nil)
            try writeFileAtomically(path, bytes: [1])
            #expect(failure(path)?.description == "\(path) exists and is no socket")
            #expect(try readFile(path, limit: 9) == [1])
        }
    }

    @Test func longPathsAndMissingDirectories() {
        let long = "/tmp/" + String(repeating: "s", count: 103)
        #expect(failure(long)?.description.contains("108 bytes") == true)
        #expect(failure("/nowhere/s")?.description.contains("/nowhere") == true)
    }
}

@Suite struct LogLineTests {
    @Test func nothingInAMessageEndsTheLineOrCommandsTheTerminal() {
        let hostile = "no model 'a\nb\r\u{1B}[2J\u{9B}K\u{7F}\0\t\u{2028}'"
        let line = Log.line(.warning, hostile)
        #expect(line.hasPrefix("textflixd: warning: no model 'a\\nb"))
        #expect(line.hasSuffix("'\n"))
        let categories = line.unicodeScalars.dropLast().map(\.properties.generalCategory)
        #expect(!categories.contains(.control) && !categories.contains(.lineSeparator))
    }

    @Test func whatCanBeReadStaysAsItIs() {
        let message = #"Grüße, 映画 🎬 👩‍🚀 "quoted" \ it's"#
        #expect(Log.line(.info, message) == "textflixd: \(message)\n")
    }
}

@Suite struct LogTests {
    @Test func anEntryOfTheJournal() {
        var entry = JournalEntry()
        entry.add("MESSAGE", "two\nlines")
        entry.add("PRIORITY", "6")
        #expect(
            entry.bytes
                == Array("MESSAGE\n".utf8) + [9, 0, 0, 0, 0, 0, 0, 0]
                + Array("two\nlines\nPRIORITY=6\n".utf8))
    }

    @Test func whatIsNotShownUsesNothingUp() {
        let said = Mutex<[String]>([])
        let log = Log(
            .closure { _, message in said.withLock { $0.append(message) } }, level: .notice)
        for _ in 0..<100 { log.limited(.info, "often") }
        for _ in 0..<100 { log.limited(.notice, "again and again") }
        log.limited(.error, "seldom")
        #expect(said.withLock { $0.count } == 11)
        #expect(said.withLock { $0.last } == "seldom")
    }

    @Test func whatIsNotSaidIsNotMade() {
        let log = Log(.closure { _, _ in }, level: .notice)
        var made = 0
        func message() -> String {
            made += 1
            return "often"
        }
        for _ in 0..<100 { log.limited(.info, message()) }
        #expect(made == 0)
        for _ in 0..<100 { log.limited(.notice, message()) }
        #expect(made == 10)
    }
}

@Suite struct RateLimiterTests {
    @Test func aBurstThenASteadyFewThenTheCountOfTheRest() {
        var limiter = RateLimiter(burst: 3, perSecond: 1)
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var passed = 0
        for _ in 0..<100 where limiter.admit(now: now) != .suppress { passed += 1 }
        #expect(passed == 3)
        now = now.advanced(by: .seconds(1))
        #expect(limiter.admit(now: now) == .pass(suppressed: 97))
        #expect(limiter.admit(now: now) == .suppress)
    }
}
