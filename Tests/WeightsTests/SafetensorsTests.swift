// The format: what is written is read back, what is wrong is refused with a reason, and no bytes
// whatever bring it down.

import Randomness
import Syscalls
import Testing
import Weights

@Suite struct SafetensorsFormat {
    private func parse(_ file: [UInt8]) throws(WeightsError) -> SafetensorsHeader {
        var result: Result<SafetensorsHeader, WeightsError>?
        file.withUnsafeBytes { bytes in
            do throws(WeightsError) {
                result = .success(try SafetensorsHeader(bytes, path: "x"))
            } catch { result = .failure(error) }
        }
        return try result!.get()
    }

    @Test func whatIsWrittenIsReadBack() throws {
        try withFolder { folder in
            let path = folder + "/a.safetensors"
            let tensors = [
                SafetensorsWriter.Tensor("b", .float32, [2, 3]),
                SafetensorsWriter.Tensor("a\"é", .bfloat16, [5]),
                SafetensorsWriter.Tensor("empty", .float16, [0, 4]),
                SafetensorsWriter.Tensor("scalar", .int64, []),
            ]
            try SafetensorsWriter(tensors).write(path) { index, bytes in
                for offset in bytes.indices { bytes[offset] = UInt8(index + offset) }
            }
            let file = try SafetensorsFile(path)
            #expect(file.header.dataStart % 64 == 0)
            #expect(file.header.metadata.map(\.value) == ["pt"])
            for (index, tensor) in tensors.enumerated() {
                let view = try #require(file.tensors.first { $0.name == tensor.name })
                #expect(view.type == tensor.type)
                #expect(view.shape == tensor.shape)
                #expect(view.bytes.elementsEqual(view.bytes.indices.map { UInt8(index + $0) }))
            }
        }
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "bytes after the tensors"),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, 8, "truncated"),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "leaves a gap"),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
                + #""b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#, 8, "overlaps"
        ),
        (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "takes 12 bytes"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "in order"),
        (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "natural numbers"),
        (#"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#, 8, "natural numbers"),
        (#"{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}"#, 8, "natural numbers"),
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}"#, 8, "pair"),
        (#"{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown dtype Q4"),
        (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "no dtype"),
        (#"{"a":[]}"#, 0, "no dtype"),
        (
            #"{"a":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,8]}}"#, 8,
            "overflows"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[9223372036854775807],"#
                + #""data_offsets":[0,9223372036854775807]}}"#, 8, "overflow"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#, 1,
            "at most 8"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
                + #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1, "stands twice"
        ),
        (#"{"__metadata__":{"a":1}}"#, 0, "not a string"),
        (#"{"__metadata__":7}"#, 0, "__metadata__ is a number"),
        (#"[1]"#, 0, "does not begin with '{'"),
        (#"{"a":"#, 0, "header, line 1"),
        (#"{"a":{"b":{"c":{"d":{"e":1}}}}}"#, 0, "nested deeper"),
        ("", 0, "does not begin with '{'"),
    ])
    func whatIsWrongIsRefused(_ header: String, _ dataBytes: Int, _ reason: String) {
        let file = safetensors(header, data: [UInt8](repeating: 0, count: dataBytes))
        let error = #expect(throws: WeightsError.self) { try parse(file) }
        #expect(error?.kind == .malformed)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [0, 7, 8, 100_000_001, UInt64.max] as [UInt64])
    func aLengthIsNotBelievedBeforeItIsCompared(_ length: UInt64) {
        let file = safetensors("{}", data: [], length: length)
        if length == 0 || length > 2 {
            #expect(throws: WeightsError.self) { try parse(file) }
        }
        #expect(throws: WeightsError.self) { try parse(Array(file.prefix(Int(length % 8)))) }
    }

    /// Seeded changes to a sound file: bytes, cuts, repeats, and numbers of the header. Whatever is
    /// accepted must lie inside the file, byte for byte.
    @Test func noBytesBringItDown() throws {
        let file = try withFolder { folder in
            try sound.write(to: folder)
            return try readFile(folder + "/model.safetensors", limit: 1 << 20)
        }
        let headerEnd = try parse(file).dataStart
        var random = RandomSource(seed: 20_260_501)
        var accepted = 0
        for _ in 0..<20_000 {
            let mutant = mutated(file, headerEnd: headerEnd, &random)
            guard let header = try? parse(mutant) else { continue }
            accepted += 1
            var end = header.dataStart
            for entry in header.entries {
                #expect(entry.range.lowerBound == end)
                end = entry.range.upperBound
            }
            #expect(end == mutant.count)
        }
        #expect(accepted > 100, "mutations that never pass test little")
    }

    private func mutated(
        _ file: [UInt8], headerEnd: Int, _ random: inout RandomSource
    ) -> [UInt8] {
        var mutant = file
        for _ in 0...Int(random.next() % 3) {
            // Most of them in the header, where they matter.
            let limit = random.next() % 8 == 0 ? mutant.count : min(headerEnd, mutant.count)
            let place = Int(random.next() % UInt64(max(limit, 1)))
            switch random.next() % 6 {
            case 0: mutant[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: mutant[place] ^= 1 << (random.next() % 8)
            case 2: mutant.removeLast(Int(random.next() % UInt64(mutant.count / 2)))
            case 3: mutant.append(contentsOf: [0, 1, 2, 3])
            case 4: mutant.insert(UInt8(ascii: "9"), at: place)
            default: mutant[place] = [0x22, 0x2C, 0x5B, 0x7D, 0x30][Int(random.next() % 5)]
            }
            if mutant.count < 9 { return mutant }
        }
        return mutant
    }
}
