// How many texts to have under way: enough that the daemon never waits for us, few enough that an
// answer comes soon, whatever the model's speed.
//
// It grows while answers come quickly and shrinks when they come late, as TCP's window does with
// loss: doubling a round trip at first, by a quarter once it has had to shrink, to 0.7 of itself
// when late, to half when the daemon refused. Pure: times come in, a number comes out.

package struct FlowWindow: Sendable {
    /// An answer within this has room to spare.
    package static let soon: Duration = .seconds(1)
    package static let late: Duration = .seconds(4)
    package static let mostTexts = 2048
    package static let mostBytes = 4 << 20
    package static let mostTextsAtOnce = 64

    package private(set) var texts = 16
    private var isSlowStart = true
    private var answered = 0

    /// Texts that share a request: an eighth of the window, so that several are under way.
    package var group: Int { min(max(1, texts / 8), Self.mostTextsAtOnce) }

    package func hasRoom(texts underWay: Int, bytes: Int) -> Bool {
        underWay == 0 || (underWay < texts && bytes < Self.mostBytes)
    }

    package mutating func answered(_ count: Int, after time: Duration, attempts: Int) {
        answered += count
        if attempts > 1 {
            shrink(to: texts / 2)
        } else if time > Self.late {
            if answered >= texts { shrink(to: texts * 7 / 10) }
        } else if time < Self.soon {
            let step = isSlowStart ? count : max(1, count / 4)
            texts = min(texts + step, Self.mostTexts)
        }
    }

    package mutating func refused() { shrink(to: texts / 2) }

    /// At most once for what was under way together.
    private mutating func shrink(to count: Int) {
        texts = max(2, count)
        isSlowStart = false
        answered = 0
    }
}
