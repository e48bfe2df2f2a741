// A fit in the middle, on disk: everything that the rest of it depends on.
//
//     checkpoint.safetensors     every buffer of the learner, by its name; "best/" before the
//                                weights of the best point so far
//         __metadata__           "state": where it stands; "updates": the optimiser's count;
//                                "task": the name of what is fitted
//
// It appears whole or not at all: a process that dies while writing leaves the one before. Order
// and dropout are functions of seed and update, so there is no random state to keep. Invariant: a
// checkpoint of another task (other file, texts, base, seed or version) is refused, not mixed in.

internal import JSONText
internal import Syscalls
internal import Weights

package struct Checkpoint {
    package let path: String
    /// What is fitted: the same name, the same run.
    package let task: String

    package init(path: String, task: String) {
        self.path = path
        self.task = task
    }

    /// - Parameter best: the weights of the best point, in the order of the learner's.
    func write(_ state: FitState, _ learner: any Learner, best: [[Float]]) throws(WeightsError) {
        let buffers = learner.buffers
        let weights = buffers.filter(\.isWeight)
        var tensors = buffers.map { SafetensorsWriter.Tensor($0.name, .float32, [$0.floats.count]) }
        for (buffer, floats) in zip(weights, best) {
            tensors.append(
                SafetensorsWriter.Tensor("best/" + buffer.name, .float32, [floats.count]))
        }
        var json = JSONWriter()
        state.write(to: &json)
        let metadata = [
            ("task", task), ("state", json.text),
            ("updates", learner.updateCounts.map(String.init).joined(separator: " ")),
        ]
        try SafetensorsWriter(tensors, metadata: metadata).write(path) { index, take in
            if index < buffers.count {
                take(UnsafeRawBufferPointer(buffers[index].floats))
            } else {
                best[index - buffers.count].withUnsafeBytes(take)
            }
        }
    }

    /// Puts the learner where the checkpoint left it; nil where there is none.
    func read(into learner: any Learner) throws(WeightsError) -> (FitState, best: [[Float]])? {
        guard fileExists(path) else { return nil }
        let file = try SafetensorsFile(path)
        let metadata = Dictionary(
            file.header.metadata.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }
        )
        guard metadata["task"] == task else {
            throw WeightsError(
                .mismatch, path,
                "a checkpoint of another run (another experiment, texts, base or seed, or begun by "
                    + "another version): remove it, or give another output folder")
        }
        let counts = metadata["updates"]?.split(separator: " ").compactMap { Int($0) }
        guard let counts, counts.count == learner.updateCounts.count,
            let text = metadata["state"], let node = try? JSONDocument.parse(Array(text.utf8)),
            let state = FitState(node)
        else { throw WeightsError(.malformed, path, "not a checkpoint of this program") }
        let views = Dictionary(
            file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var best: [[Float]] = []
        for buffer in learner.buffers {
            guard let view = views[buffer.name], view.elementCount == buffer.floats.count,
                view.type == .float32
            else { throw WeightsError(.mismatch, path, "tensor \(buffer.name) is not as expected") }
            view.widen(into: buffer.floats)
            guard buffer.isWeight, let view = views["best/" + buffer.name] else { continue }
            var floats = [Float](repeating: 0, count: view.elementCount)
            floats.withUnsafeMutableBufferPointer { view.widen(into: $0) }
            best.append(floats)
        }
        learner.updateCounts = counts
        learner.buffersChanged()
        return (state, best)
    }

    func remove() throws(WeightsError) {
        guard fileExists(path) else { return }
        try writing(path) { () throws(Errno) in try removeFile(path) }
    }
}
