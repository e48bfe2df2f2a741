// Quotas of control groups, read from folders made for it.

import Syscalls
import Testing

@Suite final class ProcessorQuotaTests {
    private let folder: String

    init() throws { folder = try makeTemporaryDirectory(prefix: "/tmp/textflix-quota-") }

    deinit {
        for name in ["a/b/cpu.max", "a/cpu.max", "group"] { try? removeFile("\(folder)/\(name)") }
        for name in ["a/b", "a", ""] { try? removeDirectory("\(folder)/\(name)") }
    }

    private func quota(
        _ outer: String?, _ inner: String?, group: String = "0::/a/b\n"
    ) throws -> Double? {
        try makeDirectories("\(folder)/a/b")
        for (name, text) in [("group", group), ("a/cpu.max", outer), ("a/b/cpu.max", inner)] {
            guard let text else { continue }
            try writeFileAtomically("\(folder)/\(name)", bytes: Array(text.utf8))
        }
        return ProcessorQuota.ofThisProcess(membership: "\(folder)/group", root: folder)
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

    @Test func atLeastOneThreadWorks() { #expect(ThisProcess.processorCount >= 1) }
}
