// The tensors of a model, from one safetensors file or from several with an index, as one set.
//
//     model.safetensors.index.json
//     { "metadata": { "total_size": 1340 },
//       "weight_map": { "embeddings.word_embeddings.weight": "model-00001-of-00002.safetensors" } }
//
// Invariant: names are unique in the set, and with an index the index and the files agree on every
// tensor, in both directions. A shard's name is a plain file name: an index cannot point elsewhere.

import JSONText
internal import Syscalls

package struct ShardedTensors: Sendable {
    package let files: [SafetensorsFile]
    /// File by file, in the order of their bytes.
    package let all: [TensorView]
    private let places: [String: Int]

    package subscript(name: String) -> TensorView? { places[name].map { all[$0] } }

    package var byteCount: Int { files.reduce(0) { $0 + $1.mapping.size } }

    /// One file.
    package init(file path: String) throws(WeightsError) {
        try self.init([try SafetensorsFile(path)])
    }

    /// All files that an index names.
    package init(index path: String) throws(WeightsError) {
        let map = try Self.weightMap(path)
        let folder = parentDirectory(of: path) ?? "."
        var files: [SafetensorsFile] = []
        for name in Set(map.values).sorted() {
            files.append(try SafetensorsFile(folder + "/" + name))
        }
        try self.init(files)
        for (file, views) in files.map({ ($0, $0.header.entries) }) {
            for entry in views where file.path != folder + "/" + (map[entry.name] ?? "") {
                throw WeightsError(
                    .mismatch, file.path,
                    "holds tensor \(entry.name), which the index "
                        + (map[entry.name].map { "expects in \($0)" } ?? "does not name"))
            }
        }
        for name in map.keys.sorted() where places[name] == nil {
            throw WeightsError(
                .mismatch, path, "names tensor \(name) in \(map[name] ?? ""), but it is not there")
        }
    }

    private init(_ files: [SafetensorsFile]) throws(WeightsError) {
        var all: [TensorView] = []
        var places: [String: Int] = [:]
        for file in files {
            for view in file.tensors {
                guard places.updateValue(all.count, forKey: view.name) == nil else {
                    throw WeightsError(
                        .mismatch, file.path, "tensor \(view.name) stands in two files")
                }
                all.append(view)
            }
        }
        self.files = files
        self.all = all
        self.places = places
    }

    private static func weightMap(_ path: String) throws(WeightsError) -> [String: String] {
        let source = try JSONSource(
            path, limit: Limits.shardIndexBytes, maxValues: Limits.headerValues)
        guard let members = source.root["weight_map"]?.object else {
            throw source.error("no weight_map object in the shard index", source.root)
        }
        var map: [String: String] = [:]
        for member in members {
            guard let file = member.node.string, isPlainName(file) else {
                throw source.error(
                    "weight_map.\(member.nameText) is not the plain name of a file", member.node)
            }
            map[member.nameText] = file
        }
        guard Set(map.values).count <= Limits.shards else {
            throw source.error("more than \(Limits.shards) shards", source.root)
        }
        return map
    }

    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/"))
            && !name.utf8.contains(0)
    }
}
