// The plan of a network in training: an encoder from a folder, a head, and how it is trained.
//
// A plain value: it decides nothing and opens nothing.

package import Numerics
package import Weights

package struct NetworkPlan: Sendable {
    /// What turns hidden states into the output that the loss is computed on.
    package enum Head: Sendable, Equatable {
        /// BERT's own: tanh(dense(first token)), then the classifier [C, H].
        case pooler
        /// `head.weight` [C, H] over pooled hidden states.
        case linear(ModelSettings.Pooling)
        /// Masked words, by the word embeddings themselves and a bias [V].
        case masked
    }

    /// Low-rank adapters (Hu 2021): W + alpha / rank · B A, with W frozen.
    package struct Adapters: Sendable, Equatable {
        package var rank: Int
        package var alpha: Float
        package var targets: Set<Target>

        package init(rank: Int = 8, alpha: Float = 16, targets: Set<Target> = [.query, .value]) {
            self.rank = rank
            self.alpha = alpha
            self.targets = targets
        }

        package var scale: Float { alpha / Float(rank) }
    }

    /// The products of a layer that can have an adapter.
    package enum Target: String, Sendable, CaseIterable {
        case query, key, value
        case attentionOutput = "attention_output"
        case intermediate, output
    }

    package var head: Head
    package var labelCount: Int
    /// A folder's head is taken over where it answers with these, in this order; nil: where it has
    /// the shape.
    package var labels: [String]?
    /// Of the products; weights, sums, gradients and moments are f32 always.
    package var precision: Precision = .f32
    /// Of embeddings, attention weights and what a layer adds.
    package var dropout: Float = 0.1
    /// Of what goes into the head.
    package var headDropout: Float = 0.1
    /// Layers from the top whose weights start at random.
    package var freshLayers = 0
    package var adapters: Adapters?
    /// Of everything that starts at random.
    package var seed: UInt64 = 1

    package init(head: Head, labelCount: Int) {
        self.head = head
        self.labelCount = labelCount
    }
}

package enum NetworkError: Error, Sendable, Equatable, CustomStringConvertible {
    case noMemory(bytes: Int)
    /// A layer count, rank or position that the encoder does not have.
    case unfit(String)

    package var description: String {
        switch self {
        case .noMemory(let bytes): "no memory for \(bytes >> 20) MiB more"
        case .unfit(let reason): reason
        }
    }
}
