// Which bytes a revision was made of, found out without reading them.
//
// The revision is a hash over all weights: 0.3 s for a BERT-large that lies in the page cache, many
// seconds from a disk. A daemon that has packed weights wants to start in a tenth of that, so it
// asks whether the files are still the ones that were hashed, as make and git do. For every file of
// weights it looks at
//
//     device, inode      the same file, not another one moved to its place
//     size
//     modified           written to since?
//     record changed     as `modified`, but no call sets it: copying times along does not fool it
//
// and the small files (configuration, settings, tokenizer), which are read anyway, count with their
// contents. Any difference, a touched file or a device numbered anew after a reboot, costs no more
// than hashing once again. What it cannot see is a write beneath the file system or one within the
// same tick of the kernel's clock (4 ms) as the hashing; whoever fears either deletes the cache.
//
// Invariant: equal fingerprints, equal source, as far as said above.

package import Syscalls

package struct SourceFingerprint: Sendable, Hashable, CustomStringConvertible {
    /// 32 hexadecimal digits.
    package let description: String

    package init(weights: [FileStatus], contents: [[UInt8]]) {
        var words: [UInt64] = [UInt64(weights.count)]
        for file in weights {
            words += [
                file.device, file.inode, UInt64(file.size), UInt64(bitPattern: file.modified),
                UInt64(bitPattern: file.recordChanged),
            ]
        }
        words += contents.map { $0.withUnsafeBytes { ContentHash.xxh64($0) } }
        description = Revision(pieces: words).description
    }
}
