// The pages, styles and scripts of a site, as they stand in deploy/site: they are copied, never
// changed, so that what is tested is what is served.
//
//     --templates DIR        what was named
//     PREFIX/share/textflix/site      beside an installed program, PREFIX/bin/textflixlab
//     deploy/site            above the program, in a checkout

import CommandLineTable
import Syscalls
import TextRuns

struct SiteTemplates {
    /// Names and contents, by name.
    let files: [(name: String, content: [UInt8])]

    private static let first = "index.html"
    private static let fileBytes = 1 << 20
    private static let endings = [".html", ".css", ".js", ".svg"]

    init(_ call: Invocation) throws(Failure) {
        let folder = try Self.folder(call)
        do throws(Errno) {
            var files: [(name: String, content: [UInt8])] = []
            for name in try listDirectory(folder)
            where Self.endings.contains(where: { name.hasSuffix($0) }) {
                let content = try readFile("\(folder)/\(name)", limit: Self.fileBytes)
                files.append((name, content))
            }
            self.files = files
        } catch { throw Failure(.noInput, "cannot read the site's pages: \(error.description)") }
    }

    private static func folder(_ call: Invocation) throws(Failure) -> String {
        if let named = call.text(SiteOptions.templates) {
            guard fileExists("\(named)/\(first)") else {
                throw Failure(.noInput, "--templates \(named): there is no \(first)")
            }
            return named
        }
        var places: [String] = []
        var above = (try? readLink("/proc/self/exe")).flatMap(parentDirectory)
        if let folder = above.flatMap(parentDirectory) {
            places.append("\(folder)/share/textflix/site")
        }
        while let folder = above, folder != "/" {
            places.append("\(folder)/deploy/site")
            above = parentDirectory(of: folder)
        }
        guard let place = places.first(where: { fileExists("\($0)/\(first)") }) else {
            throw Failure(
                .noInput,
                "the site's pages are not beside this program; --templates names the folder "
                    + "deploy/site of the source")
        }
        return place
    }
}
