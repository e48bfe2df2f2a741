// One connection of the load generator: frames out, answers in, and which request each answers.
//
// Invariant: nothing here blocks, and once warm nothing allocates: frames are copied from the pool
// into one buffer, answers are looked at where they were received, and what is under way lies in a
// ring indexed by stream number, which grows only when more is under way than ever before.

import Syscalls
import TextRuns
import TextflixProtocol

/// One request under way.
struct RequestSlot: Sendable {
    /// 0: the slot is free.
    var stream: UInt32 = 0
    var lane: Int32 = 0
    /// When it was to be sent: nanoseconds since the start of the run.
    var scheduled: UInt64 = 0
}

final class LoadConnection {
    /// What a daemon that does not read may make us hold.
    private static let mostUnsent = 8 << 20
    private static let mostFrame = FrameHeader.byteCount + Limits.bodyBytes

    private let socket: Descriptor
    private var unsent: [UInt8] = []
    private var sentCount = 0
    private var incoming: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var ring = [RequestSlot](repeating: RequestSlot(), count: 64)
    private var nextStream: UInt32 = 1
    private(set) var underWay = 0

    init(path: String) throws(Failure) {
        do throws(Errno) {
            socket = try UnixSocket.connect(path: path)
            try UnixSocket.setNonBlocking(socket.number)
        } catch {
            let isOurs = error == .processLimit || error == .systemLimit
            throw Failure(
                isOurs ? .operatingSystem : .unavailable,
                "cannot connect to \(path): \(error.message)")
        }
        incoming = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit { incoming.deallocate() }

    var number: Int32 { socket.number }
    var hasUnsent: Bool { sentCount < unsent.count }

    /// Takes a frame of the pool for sending; false: too much is unsent, or numbers have run out.
    func queue(_ pool: RequestPool, _ index: Int, _ slot: RequestSlot) -> Bool {
        guard unsent.count - sentCount < Self.mostUnsent, nextStream < .max - 2 else {
            return false
        }
        let place = unsent.count + RequestPool.streamOffset
        unsent.append(contentsOf: pool.bytes[pool.range(index)])
        for byte in 0..<4 {
            unsent[place + byte] = UInt8(truncatingIfNeeded: nextStream >> UInt32(24 - 8 * byte))
        }
        var slot = slot
        slot.stream = nextStream
        put(slot)
        nextStream += 2
        underWay += 1
        return true
    }

    /// Sends what the kernel takes; false when the peer has gone.
    func flush() -> Bool {
        while hasUnsent {
            let count = unsent.withUnsafeBytes { bytes in
                try? UnixSocket.send(
                    number, UnsafeRawBufferPointer(rebasing: bytes[sentCount...]))
            }
            guard let count else { return false }
            if count == 0 {
                if sentCount > Self.mostUnsent / 2 {
                    unsent.removeFirst(sentCount)
                    sentCount = 0
                }
                return true
            }
            sentCount += count
        }
        unsent.removeAll(keepingCapacity: true)
        sentCount = 0
        return true
    }

    /// Receives once and hands each answer over: its request and its body, which is only lent.
    /// - Returns: false when the connection is over.
    func receive(_ take: (RequestSlot, UnsafeRawBufferPointer) -> Void) -> Bool {
        var passed = false
        let room = UnsafeMutableRawBufferPointer(rebasing: incoming[filled...])
        guard let got = try? UnixSocket.receive(number, into: room, passedDescriptors: &passed),
            got != .end
        else { return false }
        if case .bytes(let count) = got { filled += count }
        var position = 0
        while let header = header(at: position) {
            let end = position + FrameHeader.byteCount + Int(header.length)
            guard header.length <= Limits.bodyBytes else { return false }
            guard end <= filled else {
                makeRoom(for: end - position, from: position)
                return true
            }
            let body = incoming[(position + FrameHeader.byteCount)..<end]
            if let slot = remove(stream: header.stream) {
                take(slot, UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(rebasing: body)))
            }
            position = end
        }
        makeRoom(for: FrameHeader.byteCount, from: position)
        return true
    }

    /// Gives up the requests that were scheduled before an instant, one by one.
    func expire(before limit: UInt64, _ take: (RequestSlot) -> Void) {
        guard underWay > 0 else { return }
        for index in ring.indices where ring[index].stream != 0 && ring[index].scheduled < limit {
            take(ring[index])
            ring[index].stream = 0
            underWay -= 1
        }
    }

    // MARK: - Bytes

    private func header(at position: Int) -> (length: UInt32, stream: UInt32)? {
        guard position + FrameHeader.byteCount <= filled else { return nil }
        func word(_ offset: Int) -> UInt32 {
            UInt32(
                bigEndian: incoming.loadUnaligned(
                    fromByteOffset: position + offset, as: UInt32.self))
        }
        return (word(0), word(4))
    }

    /// Moves what is left to the front, and grows the buffer for a frame that does not fit.
    private func makeRoom(for byteCount: Int, from position: Int) {
        let left = filled - position
        if byteCount > incoming.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: min(2 * byteCount, Self.mostFrame), alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: incoming[position..<filled]))
            incoming.deallocate()
            incoming = larger
        } else if position > 0, left > 0, let base = incoming.baseAddress {
            base.copyMemory(from: base + position, byteCount: left)  // memmove: may overlap
        }
        filled = left
    }

    // MARK: - Ring

    private func place(of stream: UInt32, in count: Int) -> Int { Int(stream >> 1) & (count - 1) }

    private func put(_ slot: RequestSlot) {
        while ring[place(of: slot.stream, in: ring.count)].stream != 0 { growRing() }
        ring[place(of: slot.stream, in: ring.count)] = slot
    }

    /// Doubles until all have a place of their own: numbers differ, so in the end they do.
    private func growRing() {
        var size = ring.count
        let living = ring.filter { $0.stream != 0 }
        var larger: [RequestSlot]
        var isClean: Bool
        repeat {
            size *= 2
            isClean = true
            larger = [RequestSlot](repeating: RequestSlot(), count: size)
            for slot in living {
                let index = place(of: slot.stream, in: size)
                if larger[index].stream != 0 { isClean = false }
                larger[index] = slot
            }
        } while !isClean
        ring = larger
    }

    private func remove(stream: UInt32) -> RequestSlot? {
        let index = place(of: stream, in: ring.count)
        guard stream != 0, ring[index].stream == stream else { return nil }
        let slot = ring[index]
        ring[index].stream = 0
        underWay -= 1
        return slot
    }
}
