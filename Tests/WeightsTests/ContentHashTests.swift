// XXH64 against published values (the specification's, and python-xxhash 4.1.0 for the long
// inputs), and what a revision depends on.

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

    /// Bytes i · 131 + 7 (mod 256), of lengths on both sides of every branch.
    @Test(
        arguments: [
            (4, 0xFA21_2AE4_4B3B_B23D, 0x6049_2C4B_FCB7_0CAC),
            (5, 0xD339_DCC9_AC8E_6776, 0xDB92_B23C_2BA2_3485),
            (8, 0x994B_676B_71CE_94DD, 0xF424_EDEB_FEA8_D23F),
            (12, 0xB92F_588C_E720_786E, 0xDDD8_9BDB_F8AA_26E0),
            (13, 0xDADC_8A62_55B4_829B, 0xDC56_9F6B_9775_D30B),
            (31, 0x6711_D55E_306B_5D8F, 0xFA12_59CC_8B20_EB58),
            (32, 0x07F7_B8E3_BC5D_6E25, 0x920F_3E10_A5DB_09C6),
            (33, 0x09F8_5EEB_4E1C_BE9F, 0x3D80_5E87_12CB_4890),
            (63, 0xB7C9_968C_066C_B6A5, 0x184B_C509_7530_BB9A),
            (64, 0x50D4_159A_0411_632E, 0x9466_7E10_D68B_3991),
            (100, 0x9DDA_DA11_D3DC_2D8F, 0x5766_BE67_82B9_6389),
            (1000, 0x0BF0_BDBC_C82E_B373, 0xB43E_3585_5304_9780),
        ] as [(Int, UInt64, UInt64)])
    func everyBranch(_ length: Int, _ unseeded: UInt64, _ seeded: UInt64) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 131 + 7) }
        bytes.withUnsafeBytes {
            #expect(ContentHash.xxh64($0) == unseeded)
            #expect(ContentHash.xxh64($0, seed: 2_654_435_761) == seeded)
        }
    }

    @Test func aRevisionDependsOnEveryPieceAndTheirOrder() {
        let revisions = [[1, 2, 3], [1, 2, 4], [1, 3, 2], [1, 2], [2, 2, 3], []].map {
            Revision(pieces: $0)
        }
        #expect(Set(revisions).count == revisions.count)
        #expect(revisions.allSatisfy { $0.description.utf8.count == 32 })
        #expect(Revision(high: 0xAB, low: 1).short == "000000000000")
    }
}
