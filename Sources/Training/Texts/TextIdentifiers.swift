// A file that lists ids of texts, one a line; lines may end as on Windows, and it may begin with a
// byte order mark.

internal import Syscalls
package import Weights

/// All of them: at least one.
package func readIdentifiers(_ path: String) throws(WeightsError) -> Set<String> {
    let ids: Set<String>
    do throws(Errno) {
        let bytes = try readFile(path, limit: 1 << 28)
        ids = Set(
            bytes.dropFirst(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
                .split(separator: UInt8(ascii: "\n"))
                .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
                .filter { !$0.isEmpty }
                .map { String(decoding: $0, as: UTF8.self) })
    } catch {
        throw WeightsError(.unreadable, path, error.message)
    }
    guard !ids.isEmpty else { throw WeightsError(.malformed, path, "it lists no id (one a line)") }
    return ids
}
