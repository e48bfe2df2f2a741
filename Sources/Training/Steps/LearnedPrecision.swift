// In which precision this processor learns what an experiment asks for.

package import Numerics

extension Precision {
    /// bf16 gains time only where the processor has instructions for it, and f32 is more exact.
    package func learned(by kernels: Kernels) -> Precision {
        self == .bf16 && !hasInstruction(in: kernels.name) ? .f32 : self
    }
}
