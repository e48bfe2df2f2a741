// A link to a peer that reads slowly: all bytes arrive in order, and memory stays bounded.

import Syscalls
import TestSupport
import Testing

@testable import TextflixClient

@Suite struct LinkTests {
    @Test func aPeerThatIsAlwaysBehindCostsNoMemory() throws {
        let (ours, theirs) = try UnixSocket.pair()
        try UnixSocket.setNonBlocking(ours)
        let link = Link(adopting: Descriptor(adopting: ours))
        let peer = Descriptor(adopting: theirs)
        // More than the socket takes, so that something is unsent all the time.
        var next: UInt64 = 0
        func numbers(_ count: Int) -> [UInt8] {
            (0..<count).flatMap { _ -> [UInt8] in
                defer { next += 1 }
                return withUnsafeBytes(of: next.littleEndian) { Array($0) }
            }
        }
        link.queue(numbers(128 << 10))
        var room = [UInt8](repeating: 0, count: 64 << 10)
        var expected: UInt64 = 0
        for _ in 0..<400 {
            #expect(link.flush() && link.hasUnsent)
            let count = try room.withUnsafeMutableBytes { try peer.read(into: $0) }
            try #require(count.isMultiple(of: 8))
            for start in stride(from: 0, to: count, by: 8) {
                let value = room[start..<(start + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
                try #require(value == expected)
                expected += 1
            }
            link.queue(numbers(count / 8))
        }
        #expect(link.heldBytes <= 4 << 20)
    }
}
