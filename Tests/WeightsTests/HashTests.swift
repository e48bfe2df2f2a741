// XXH64 against its published values.

import Testing
import Weights

@Suite struct ContentHashing {
    @Test(
        arguments: [
            ("", 0, 0xEF46_DB37_51D8_E999), ("a", 0, 0xD24E_C4F1_A98C_6E5B),
            ("abc", 0, 0x44BC_2CF5_AD77_0999),
        ] as [(String, UInt64, UInt64)])
    func publishedValues(_ text: String, _ seed: UInt64, _ expected: UInt64) {
        let hash = Array(text.utf8).withUnsafeBytes { ContentHash.xxh64($0, seed: seed) }
        #expect(hash == expected)
    }
}
