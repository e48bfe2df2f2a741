// Which precision `auto` means, and why: what Status shows as the reason.
//
//     int8   a check of this model against f32 was accepted, and the processor multiplies bytes
//            (VNNI): see textflixlab pack --check; where int8 alone did not pass, texts in doubt
//            are computed again in bf16: see SecondLook
//     bf16   the processor has AVX512-BF16; its logits stay within 0.03 of f32's
//     f32    otherwise: widening a narrower format would cost what it saves

package import Numerics
package import Weights

package struct ChosenPrecision: Sendable, Equatable {
    package let precision: Precision
    package let reason: String
    /// Margins of int8 logits under it are in doubt; 0: none is.
    package let doubtBelow: Float

    /// - Parameters:
    ///   - wanted: nil for `auto`.
    ///   - cache: where the record of a check may lie; else it may have come with the model.
    package init(
        _ wanted: Precision?, for folder: ModelFolder, cache: PackCache?,
        kernels: Kernels = .best()
    ) {
        let own = cache.flatMap { cache in
            CheckRecord(path: cache.checkPath(folder, Precision.int8.geometry))
        }
        let record = own ?? CheckRecord(shippedWith: folder)
        self.init(wanted, check: record, instructionSet: kernels.name)
    }

    init(_ wanted: Precision?, check: CheckRecord?, instructionSet: String) {
        if let wanted {
            let doubt = wanted == .int8 ? Self.doubt(check) : ""
            self.init(wanted, "as configured" + doubt, check)
            return
        }
        if let check, check.accepted, Precision.int8.hasInstruction(in: instructionSet) {
            self.init(.int8, "auto: checked, agrees with f32 on \(check.share)", check)
        } else if Precision.bf16.hasInstruction(in: instructionSet) {
            self.init(.bf16, "auto: the processor has AVX512-BF16" + Self.noByteCheck(check))
        } else {
            self.init(
                .f32, "auto: no bf16 instructions (\(instructionSet))" + Self.noByteCheck(check))
        }
    }

    private init(_ precision: Precision, _ reason: String, _ check: CheckRecord? = nil) {
        self.precision = precision
        self.reason = reason
        doubtBelow = precision == .int8 ? Float(check?.doubtBelow ?? 0) : 0
    }

    private static func doubt(_ check: CheckRecord?) -> String {
        guard let check else { return "; not checked against f32" }
        return "; agrees with f32 on \(check.share)"
    }

    private static func noByteCheck(_ check: CheckRecord?) -> String {
        guard let check else { return "; int8 was not checked" }
        return check.accepted ? "" : "; int8 agrees with f32 on \(check.share) only"
    }
}

extension CheckRecord {
    /// `99.7 % of 5000 texts`, and how many of them were in doubt.
    package var share: String {
        let again = doubtBelow > 0 ? " (\(Self.percent(secondLooks)) of them again in bf16)" : ""
        return "\(Self.percent(agreement)) of \(texts) texts" + again
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded(.down))
        return "\(tenths / 10).\(tenths % 10) %"
    }
}
