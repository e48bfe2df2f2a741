// How sure an answer is, as every view tells it.
//
// Cut, not rounded: only a certainty of 1 is 100 %. And cut of the shortest digits that are the
// number, as JSON prints it: 0.9 is 90.0 %, though the nearest Float is a little less.

internal import Presentation

/// Thousandths of a probability in 0...1.
package func permille(_ probability: Double) -> Int {
    let written = Double(Float(probability).description) ?? probability
    return Int((1000 * written + 1e-6).rounded(.down))
}

/// `99.9 %`
package func certaintyText(_ probability: Double) -> String {
    "\(fixed(Double(permille(probability)) / 10, decimals: 1)) %"
}
