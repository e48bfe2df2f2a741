// Figures of quality as JSON, under the names that all reports have for them.
//
// Invariant: shares are 0...1. Which figures a report has, and in what order, is its own affair.

package import Insight
package import JSONText

extension JSONWriter {
    /// `"accuracy": {"value": 0.8, "low": 0.79, "high": 0.81}`
    package mutating func member(_ name: String, _ estimate: Estimate) {
        key(name)
        beginObject()
        member("value", estimate.value)
        member("low", estimate.low)
        member("high", estimate.high)
        endObject()
    }

    /// `"confusion": [[40, 2], [3, 55]]`
    package mutating func member(_ name: String, _ confusion: Confusion) {
        key(name)
        array(confusion.counts) { json, row in json.array(row) { $0.int($1) } }
    }

    /// The members of a comparison: the difference, and what it was counted from.
    package mutating func members(of comparison: PairedComparison) {
        member("accuracy_difference", comparison.difference)
        key("paired")
        beginObject()
        member("both_right", comparison.bothRight)
        member("only_first", comparison.onlyFirst)
        member("only_second", comparison.onlySecond)
        member("both_wrong", comparison.bothWrong)
        member("mcnemar_p", comparison.p.exact)
        member("mcnemar_mid_p", comparison.p.mid)
        endObject()
    }
}
