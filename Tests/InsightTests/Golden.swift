// The golden files of this suite, made by Tests/Golden/insight/make_golden.py and
// make_statistics.py from lime, numpy, scipy and scikit-learn.

import JSONText
import Syscalls
import TestSupport

enum Golden {
    static func read(_ name: String) throws -> JSONNode {
        let path = "\(Checkout.root)/Tests/Golden/insight/\(name)"
        return try JSONDocument.parse(try readFile(path, limit: 1 << 20))
    }
}

extension JSONNode {
    var doubles: [Double] { (array ?? []).compactMap(\.double) }
    var ints: [Int] { (array ?? []).compactMap(\.int) }
}

/// Infinite where the lengths differ, or a difference is NaN: `max` would pass over it.
func largestGap(_ first: [Double], _ second: [Double]) -> Double {
    let gaps = zip(first, second).map { abs($0 - $1) }
    guard first.count == second.count, gaps.allSatisfy(\.isFinite) else { return .infinity }
    return gaps.max() ?? 0
}
