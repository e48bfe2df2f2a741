// Which requests are under way, and which were refused and wait to be sent again.
//
//     sent ---> under way ---- end of a call ----> answered, or parked until its pause is over
//                   ^                                         |
//                   '------ nothing under way, or room -------'
//
// Invariant: a part that was refused goes out again once its pause is over and either nothing is
// under way or the window, which its refusal made smaller, has room for it; refused twice, it goes
// alone. So a daemon that was asked for too much is asked for less and less, and what it then
// cannot do is the fault of no other text. Pure: it has no clock.

import Syscalls

struct Dispatch {
    typealias Instant = MonotonicClock.Instant

    /// Texts of one batch that share a request.
    struct Part: Equatable {
        /// Counted over the run.
        let batch: Int
        /// Of the batch.
        let texts: Range<Int>
        /// When its time began: first sent, or first sent with nothing beside it.
        fileprivate(set) var begun: Instant
        /// When it was sent last.
        fileprivate(set) var sent: Instant
        fileprivate(set) var refusals = 0
        /// Nothing else has been under way since it was sent.
        fileprivate(set) var isAlone = false

        fileprivate var goesAlone: Bool { refusals >= 2 }

        init(batch: Int, texts: Range<Int>, now: Instant) {
            self.batch = batch
            self.texts = texts
            begun = now
            sent = now
        }

        /// As two requests of their own.
        func halves(now: Instant) -> [Part] {
            let middle = texts.lowerBound + texts.count / 2
            return [texts.lowerBound..<middle, middle..<texts.upperBound].map {
                Part(batch: batch, texts: $0, now: now)
            }
        }
    }

    private static let firstPause: Duration = .milliseconds(50)
    private static let mostDoublings = 5

    var window = FlowWindow()
    private var underWay: [UInt64: Part] = [:]
    private var textsUnderWay = 0
    /// In the order of the texts.
    private var parked: [(part: Part, until: Instant)] = []

    /// What was refused comes before anything new, and may have to be alone.
    var takesNew: Bool { parked.isEmpty && !underWay.values.contains(where: \.goesAlone) }

    /// A part as it is when it is sent now.
    func ready(_ part: Part, now: Instant) -> Part {
        var part = part
        part.sent = now
        if underWay.isEmpty, !part.isAlone { part.begun = now }
        part.isAlone = underWay.isEmpty
        return part
    }

    /// - Parameter part: made `ready`.
    mutating func sent(_ part: Part, as call: UInt64) {
        for other in underWay.keys { underWay[other]?.isAlone = false }
        underWay[call] = part
        textsUnderWay += part.texts.count
    }

    /// nil: a call that is not known, or not any more.
    mutating func ended(_ call: UInt64) -> Part? {
        guard let part = underWay.removeValue(forKey: call) else { return nil }
        textsUnderWay -= part.texts.count
        return part
    }

    /// How long a part should wait that has been refused.
    /// - Parameter asked: by the daemon.
    static func pause(_ part: Part, asked: Duration?) -> Duration {
        asked ?? firstPause * (1 << min(part.refusals, mostDoublings))
    }

    mutating func park(_ part: Part, until: Instant) {
        var part = part
        part.refusals += 1
        let order = (part.batch, part.texts.lowerBound)
        let place =
            parked.firstIndex { ($0.part.batch, $0.part.texts.lowerBound) > order }
            ?? parked.count
        parked.insert((part, until), at: place)
    }

    /// The next part to send again.
    mutating func due(_ now: Instant) -> Part? {
        guard let place = parked.firstIndex(where: { $0.until <= now && hasRoom($0.part) }) else {
            return nil
        }
        return parked.remove(at: place).part
    }

    /// When a part is due, if nothing is answered until then.
    var nextDue: Instant? { parked.lazy.filter { hasRoom($0.part) }.map(\.until).min() }

    private func hasRoom(_ part: Part) -> Bool {
        if underWay.isEmpty { return true }
        return !part.goesAlone && !underWay.values.contains(where: \.goesAlone)
            && textsUnderWay + part.texts.count <= window.texts
    }

    /// Forgets all.
    mutating func abandon() {
        underWay = [:]
        textsUnderWay = 0
        parked = []
    }
}
