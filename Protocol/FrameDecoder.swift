// Bytes in, as the socket gives them; frames out.
//
// It never trusts a length before comparing it with `Limits.bodyBytes`, and grows only with bytes
// that arrived, so a hostile peer can make it wait but not allocate. What was read is cut off only
// once it outweighs what is left: each byte moves once on average, whatever the split. An idle
// decoder keeps at most `idleBytes`. It does not look into bodies.

public struct FrameDecoder: Sendable {
    private static let idleBytes = 4 << 10

    private var buffer: [UInt8] = []
    /// Bytes at the front that were given out already.
    private var consumed = 0
    private var broken: FrameError?

    public init() {}

    /// Bytes that arrived and are not yet part of a frame given out.
    public var bufferedBytes: Int { buffer.count - consumed }

    /// True when the next byte to arrive begins a frame: the only clean place to stop.
    public var isBetweenFrames: Bool { bufferedBytes == 0 }

    /// The header of the next frame, where that has come and is a good one, whatever of the body
    /// has.
    public var nextHeader: FrameHeader? {
        guard bufferedBytes >= FrameHeader.byteCount else { return nil }
        return try? FrameHeader(parsing: buffer[consumed...])
    }

    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard broken == nil else { return }
        compact()
        buffer.append(contentsOf: bytes)
    }

    public mutating func append(_ bytes: some Collection<UInt8>) {
        guard broken == nil else { return }
        compact()
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame; nil: more bytes are needed. After an error always that error.
    public mutating func next() throws(FrameError) -> Frame? {
        if let broken { throw broken }
        guard let header = try header() else { return nil }
        let bodyStart = consumed + FrameHeader.byteCount
        let end = bodyStart + Int(header.length)
        guard end <= buffer.count else { return nil }
        let body = Array(buffer[bodyStart..<end])
        consumed = end
        if isBetweenFrames { compact() }
        return Frame(header: header, body: body)
    }

    private mutating func header() throws(FrameError) -> FrameHeader? {
        guard bufferedBytes >= FrameHeader.byteCount else { return nil }
        do throws(FrameError) {
            return try FrameHeader(parsing: buffer[consumed...])
        } catch {
            broken = error
            buffer = []
            consumed = 0
            throw error
        }
    }

    private mutating func compact() {
        guard consumed >= bufferedBytes else { return }
        if isBetweenFrames {
            buffer.removeAll(keepingCapacity: buffer.capacity <= Self.idleBytes)
        } else {
            buffer.removeFirst(consumed)
        }
        consumed = 0
    }
}
