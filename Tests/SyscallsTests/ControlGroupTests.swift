// Limits of control groups, read from folders made for it.

import Syscalls
import TestSupport
import Testing

@Suite struct ControlGroupTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder("group") }

    private func group(
        _ file: String, _ outer: String?, _ inner: String?, membership: String = "0::/a/b\n"
    ) throws -> ControlGroup {
        try makeDirectories(folder("a/b"))
        for (name, text) in [
            ("group", membership), ("a/\(file)", outer), ("a/b/\(file)", inner),
        ] {
            guard let text else { continue }
            try folder.write(name, text)
        }
        return ControlGroup(membership: folder("group"), root: folder.path)
    }

    private func quota(
        _ outer: String?, _ inner: String?, group membership: String = "0::/a/b\n"
    ) throws -> Double? {
        try group("cpu.max", outer, inner, membership: membership).processorQuota
    }

    @Test func theLeastOfAllGroupsCounts() throws {
        #expect(try quota("150000 100000\n", "max 100000\n") == 1.5)
        #expect(try quota("400000 100000\n", "50000 100000\n") == 0.5)
        #expect(try quota("max 100000\n", "max 100000\n") == nil)
    }

    @Test(arguments: [nil, "", "max", "0 100000\n", "x 100000\n", "100000 0\n", "1 2 3\n"])
    func whatIsNoQuotaIsNone(_ text: String?) throws {
        #expect(try quota(nil, text) == nil)
    }

    @Test(arguments: ["", "1:cpu:/a/b\n", "0::/../a\n", "0::/none\n"])
    func whereNoGroupIsSeenThereIsNone(_ group: String) throws {
        #expect(try quota(nil, "100000 100000\n", group: group) == nil)
    }

    @Test func memoryIsTheLeastOfBothLimits() throws {
        #expect(try group("memory.max", "2000\n", "max\n").memoryLimit == 2000)
        #expect(try group("memory.high", nil, "1500\n").memoryLimit == 1500)
        #expect(try group("memory.high", nil, "max\n").memoryLimit == 2000)
        #expect(try group("memory.max", "x\n", "\n").memoryLimit == nil)
    }

    @Test func atLeastOneThreadWorks() { #expect(ThisProcess.processorCount >= 1) }
}
