// A learner that is made of a model folder, and that can be written as one again.

package import Numerics
package import Weights

package protocol Student: Learner {
    /// All that it has, trained or not, under canonical names.
    var tensors: [WrittenTensor] { get }
}

/// What a student is to be.
package struct StudentPlan: Sendable {
    package enum Task: Sendable, Equatable {
        case labels(EncoderExperiment.HeadKind, ModelSettings.Pooling, count: Int)
        case masked
    }

    package let task: Task
    /// The experiment's, in their order.
    package let labels: [String]
    package let precision: Precision
    package let settings: FitSettings
    package let seed: UInt64

    /// What a step of an experiment makes.
    /// - Precondition: the step learns by gradient.
    package init(_ step: TrainingStep, _ experiment: EncoderExperiment, seed: UInt64) {
        guard let settings = step.fit else { preconditionFailure("a step without updates") }
        let model = experiment.model
        let labels = Task.labels(model.head, model.pooling, count: experiment.data.labels.count)
        task = step.kind == .masked ? .masked : labels
        self.labels = experiment.data.labels
        precision = model.precision
        self.settings = settings
        self.seed = seed
    }
}

/// Makes students: the one place where the loop meets a network.
package typealias StudentMaker = (ModelFolder, StudentPlan) throws -> any Student
