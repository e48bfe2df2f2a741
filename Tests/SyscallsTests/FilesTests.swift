// Files against a real directory: what is read, what is refused, what is left behind.

import Glibc
import Syscalls
import TestSupport
import Testing

@Suite struct FilesTests {
    @Test(arguments: [0, 1, 4095, 4096, 4097, 300_000])
    func aFileComesBackAsItWasWritten(size: Int) throws {
        let scratch = try TemporaryFolder("syscalls")
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try writeFileAtomically(scratch("a"), bytes: bytes)
        #expect(try readFile(scratch("a"), limit: size) == bytes)
        #expect(try listDirectory(scratch.path) == ["a"])
        let mapped = try MappedFile(scratch("a"))
        #expect(mapped.bytes.elementsEqual(bytes))
    }

    @Test func aFileOverTheLimitIsRefused() throws {
        let scratch = try TemporaryFolder("syscalls")
        try writeFileAtomically(scratch("a"), bytes: [1, 2, 3])
        #expect(throws: Errno.fileTooLarge) { try readFile(scratch("a"), limit: 2) }
        // A file without a size of its own is cut off as well.
        #expect(throws: Errno.fileTooLarge) { try readFile("/dev/zero", limit: 10_000) }
    }

    @Test func errorsNameThePath() throws {
        let error = #expect(throws: Errno.self) { try readFile("/nowhere/at/all", limit: 1) }
        #expect(error?.description == "open /nowhere/at/all: No such file or directory")
        #expect(error == .noEntry)
        #expect(throws: Errno.isDirectory) { try MappedFile("/tmp") }
    }

    /// Without a word from anybody who holds the other end, or the test hangs.
    @Test func whatIsNoRegularFileIsRefusedAtOnce() throws {
        let scratch = try TemporaryFolder("syscalls")
        #expect(mkfifo(scratch("fifo"), 0o600) == 0)
        for path in [scratch("fifo"), "/dev/null"] {
            #expect(throws: Errno.invalidArgument) { try readRegularFile(path, limit: 9) }
            #expect(throws: Errno.invalidArgument) { try MappedFile(path) }
        }
        #expect(throws: Errno.isDirectory) { try readRegularFile(scratch.path, limit: 9) }
        #expect(realFolder(scratch("fifo")) == scratch("fifo"))
        try writeFileAtomically(scratch("a"), bytes: [1, 2])
        #expect(try readRegularFile(scratch("a"), limit: 2) == [1, 2])
        #expect(throws: Errno.fileTooLarge) { try readRegularFile(scratch("a"), limit: 1) }
    }

    /// `<(command)`, which is nothing for `readRegularFile`.
    @Test func aPipeThatAPersonNamesIsRead() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let reader = Descriptor(adopting: ends[0])
        do {
            let writer = Descriptor(adopting: ends[1])
            try writeAll(writer.number, [1, 2])
        }
        let path = "/dev/fd/\(ends[0])"
        #expect(throws: Errno.invalidArgument) { try readRegularFile(path, limit: 9) }
        #expect(try readFile(path, limit: 9) == [1, 2])
        #expect(try readToEnd(reader.number, limit: 9).isEmpty)
    }

    @Test func anUncommittedFileLeavesNothing() throws {
        let scratch = try TemporaryFolder("syscalls")
        try writeFileAtomically(scratch("a"), bytes: [1])
        do {
            let file = try AtomicFile(scratch("a"))
            let two: [UInt8] = [2]
            try two.withUnsafeBytes { try file.write($0) }
        }
        #expect(try listDirectory(scratch.path) == ["a"])
        #expect(try readFile(scratch("a"), limit: 9) == [1])
    }

    @Test func whatAKilledWriterLeftGoesWithTheNext() throws {
        let scratch = try TemporaryFolder("syscalls")
        let others = ["a.new-draft", "a.new-00000000000000zz", "b.new-0123456789abcdef"]
        for name in others + ["a.new-0123456789abcdef"] {
            try writeFileAtomically(scratch(name), bytes: [1])
        }
        let first = try AtomicFile(scratch("a"))
        try writeFileAtomically(scratch("a"), bytes: [2])
        #expect(try listDirectory(scratch.path).count == others.count + 2, "one is being written")
        try first.commit()
        #expect(try listDirectory(scratch.path) == ["a"] + others.sorted())
        #expect(try readFile(scratch("a"), limit: 9).isEmpty)
    }

    @Test func aReplacedFileKeepsItsMappedBytes() throws {
        let scratch = try TemporaryFolder("syscalls")
        try writeFileAtomically(scratch("a"), bytes: [1, 2, 3])
        let mapped = try MappedFile(scratch("a"))
        try writeFileAtomically(scratch("a"), bytes: [4, 5, 6])
        #expect(Array(mapped.bytes) == [1, 2, 3])
        #expect(try FileStatus(path: scratch("a")) != mapped.identity)
    }

    @Test(.enabled(if: ThisProcess.user == 0, "another owner's folder is needed: root alone"))
    func whatRootWritesForAFoldersOwnerIsTheirs() throws {
        let scratch = try TemporaryFolder("syscalls")
        #expect(chown(scratch.path, 4711, 4712) == 0)
        try writeFileAtomically(scratch("theirs"), bytes: [1], owner: .directory)
        try writeFileAtomically(scratch("mine"), bytes: [1])
        for (name, user, group) in [("theirs", 4711, 4712), ("mine", 0, 0)] as [(_, UInt32, UInt32)]
        {
            var status = stat()
            #expect(stat(scratch(name), &status) == 0)
            #expect(status.st_uid == user && status.st_gid == group, "\(name)")
        }
    }

    @Test func directoriesAreMadeOnce() throws {
        let scratch = try TemporaryFolder("syscalls")
        try makeDirectories(scratch("b/c/d"))
        try makeDirectories(scratch("b/c/d"))
        #expect(isDirectory(scratch("b/c/d")))
        for part in ["b/c/d", "b/c", "b"] { try removeDirectory(scratch(part)) }
    }

    @Test func whatLeadsNowhereIsPresent() throws {
        let scratch = try TemporaryFolder("syscalls")
        #expect(symlink("nowhere", scratch("link")) == 0)
        #expect(try isPresent(scratch("link")) && !fileExists(scratch("link")))
        #expect(try !isPresent(scratch("nothing")) && !isPresent(scratch("link/below")))
        #expect(throws: Errno.self) { try isPresent(scratch(String(repeating: "n", count: 300))) }
    }

    @Test func aTreeIsRemovedAndNoLinkIsFollowed() throws {
        let scratch = try TemporaryFolder("syscalls")
        try makeDirectories(scratch("tree/inner"))
        try makeDirectories(scratch("kept"))
        try writeFileAtomically(scratch("kept/a"), bytes: [1])
        for link in ["tree/inner/link", "link"] {
            let made = symlink(scratch("kept"), scratch(link))
            #expect(made == 0)
        }
        try removeDirectoryTree(scratch("tree"))
        try removeDirectoryTree(scratch("link"))
        #expect(try listDirectory(scratch.path) == ["kept"])
        #expect(try listDirectory(scratch("kept")) == ["a"])
        try removeDirectoryTree(scratch("kept"))
        #expect(!fileExists(scratch("kept")))
    }

    @Test(
        arguments: [
            ("/a/b", "/a"), ("/a", "/"), ("a/b/", "a"), ("a", nil), ("/a/b/c", "/a/b"),
        ] as [(String, String?)])
    func parents(path: String, parent: String?) {
        #expect(parentDirectory(of: path) == parent)
    }
}

@Suite struct OutputFileTests {
    private func identity(_ path: String) throws -> UInt64 { try FileStatus(path: path).inode }

    @Test func aFileIsReplacedWholeAndKeepsItsMode() throws {
        let scratch = try TemporaryFolder("syscalls")
        try writeFileAtomically(scratch("a"), bytes: [1])
        try setMode(scratch("a"), 0o640)
        let file = try OutputFile(scratch("a"))
        #expect(try readFile(scratch("a"), limit: 9) == [1])
        try file.finish([2, 3])
        #expect(try readFile(scratch("a"), limit: 9) == [2, 3])
        #expect(try FileStatus(path: scratch("a")).mode == 0o640)
        #expect(try listDirectory(scratch.path) == ["a"])
    }

    @Test func whoDoesNotFinishLeavesNothing() throws {
        let scratch = try TemporaryFolder("syscalls")
        do { _ = try OutputFile(scratch("a")) }
        #expect(try listDirectory(scratch.path).isEmpty)
    }

    @Test func aLinkStaysOne() throws {
        let scratch = try TemporaryFolder("syscalls")
        try writeFileAtomically(scratch("a"), bytes: [1])
        for (link, target) in [("near", "a"), ("far", scratch("near")), ("nowhere", "b")] {
            #expect(symlink(target, scratch(link)) == 0)
        }
        try OutputFile(scratch("far")).finish([2])
        try OutputFile(scratch("nowhere")).finish([3])
        #expect(try readLink(scratch("far")) == scratch("near"))
        #expect(try readLink(scratch("near")) == "a" && readLink(scratch("nowhere")) == "b")
        #expect(try readFile(scratch("a"), limit: 9) == [2])
        #expect(try readFile(scratch("b"), limit: 9) == [3])
    }

    /// As the kernel has it, where it protects links; here also where it is told not to.
    @Test(.enabled(if: ThisProcess.user == 0, "another owner's link is needed: root alone"))
    func aStrangersLinkWhereAllMayWriteIsNotFollowed() throws {
        let (scratch, shared) = (try TemporaryFolder("syscalls"), try TemporaryFolder("syscalls"))
        try writeFileAtomically(scratch("a"), bytes: [1])
        for (name, target, owner) in [("old", "a", 4711), ("new", "b", 4711), ("own", "a", 0)]
            as [(_, _, UInt32)]
        {
            #expect(symlink(scratch(target), shared(name)) == 0)
            #expect(lchown(shared(name), owner, owner) == 0)
        }
        try setMode(shared.path, 0o1777)
        for name in ["old", "new"] {
            #expect(throws: Errno.accessDenied) { try OutputFile(shared(name)) }
        }
        #expect(try readFile(scratch("a"), limit: 9) == [1])
        #expect(try listDirectory(scratch.path) == ["a"])
        try OutputFile(shared("own")).finish([2])
        #expect(try readFile(scratch("a"), limit: 9) == [2])
        // The folder's owner could put there what they like anyway.
        #expect(chown(shared.path, 4711, 4711) == 0)
        try OutputFile(shared("new")).finish([3])
        #expect(try readFile(scratch("b"), limit: 9) == [3])
    }

    @Test func aDeviceAndAFifoAreWritten() throws {
        let scratch = try TemporaryFolder("syscalls")
        #expect(symlink("/dev/null", scratch("null")) == 0)
        try OutputFile(scratch("null")).finish([1])
        #expect(try FileStatus(path: "/dev/null").kind == .other)
        #expect(try readLink(scratch("null")) == "/dev/null")
        #expect(mkfifo(scratch("fifo"), 0o600) == 0)
        let reader = Descriptor(adopting: open(scratch("fifo"), O_RDONLY | O_NONBLOCK))
        try OutputFile(scratch("fifo")).finish([1, 2])
        #expect(try readToEnd(reader.number, limit: 9) == [1, 2])
    }

    /// `>(command)`, `/dev/stdout`: whoever holds the descriptor sees what is written.
    @Test func anOpenDescriptorIsWritten() throws {
        let scratch = try TemporaryFolder("syscalls")
        try writeFileAtomically(scratch("a"), bytes: [1])
        let before = try identity(scratch("a"))
        let held = try openForReading(scratch("a"))
        try OutputFile("/dev/fd/\(held.number)").finish([2])
        #expect(try readFile(scratch("a"), limit: 9) == [1, 2])
        #expect(try identity(scratch("a")) == before)
    }

    @Test func whatCannotBeWrittenIsKnownAtOnce() throws {
        let scratch = try TemporaryFolder("syscalls")
        #expect(throws: Errno.isDirectory) { try OutputFile(scratch.path) }
        #expect(throws: Errno.noEntry) { try OutputFile(scratch("none/a")) }
        #expect(symlink("loop", scratch("loop")) == 0)
        #expect(throws: Errno.self) { try OutputFile(scratch("loop")) }
    }

    @Test(.enabled(if: ThisProcess.user == 0, "another owner's file is needed: root alone"))
    func whatRootWritesStaysItsOwners() throws {
        let scratch = try TemporaryFolder("syscalls")
        try writeFileAtomically(scratch("a"), bytes: [1])
        #expect(chown(scratch("a"), 4711, 4712) == 0)
        try OutputFile(scratch("a")).finish([2])
        let status = try FileStatus(path: scratch("a"))
        #expect(status.owner == 4711 && status.group == 4712)
    }
}

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("plain, ü, 👍🏽\n\u{1B}[1mbold", "plain, ü, 👍🏽\n\u{1B}[1mbold"),
        ("{\"a\u{9B}\":\"\\\\\u{7F}\u{85}\"}", #"{"a\u009b":"\\\u007f\u0085"}"#),
        ("\u{61C}\u{200E}\u{202E}\u{2069}", #"\u061c\u200e\u202e\u2069"#),
    ])
    func controlsAreWrittenAsInJSON(_ text: String, _ shown: String) {
        #expect(text.withEscapedControls == shown)
    }
}

@Suite struct ClockTests {
    @Test func instantsSaturate() {
        let late = MonotonicClock.Instant(nanoseconds: .max - 1)
        #expect(late.advanced(by: 5) == .distantFuture)
        #expect(MonotonicClock.Instant.zero.since(late) == 0)
        #expect(Duration.seconds(-1).wholeNanoseconds == 0)
        #expect(Duration.milliseconds(1500).wholeNanoseconds == 1_500_000_000)
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
    }

    @Test func timePasses() {
        let start = MonotonicClock.now
        MonotonicClock.sleep(nanoseconds: 2_000_000)
        #expect(MonotonicClock.now.since(start) >= 2_000_000)
    }

    @Test func theWallClockReads() {
        #expect(WallClock.utcText(0) == "1970-01-01T00:00:00Z")
    }
}
