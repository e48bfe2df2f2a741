// The place of the largest: of probabilities or logits, the label that a classifier gives.

extension Collection where Index == Int, Element: Comparable {
    /// The place of the largest, the first of equals; 0 where there is none.
    package var argmax: Int { indices.max { self[$0] < self[$1] } ?? 0 }
}
