// `doctor`: what is wrong here, and what to do about it.
//
//     ok    socket        /run/textflix/textflix.sock
//     FAULT permission    the socket is for the group 'textflix'
//                         → sudo usermod -aG textflix ada, then log in anew

import CommandLineTable
import Presentation
import Syscalls

enum DoctorCommand {
    static func run(_ call: Invocation) -> ExitStatus {
        let facts = InstallationFacts.gather(
            socket: call.text(Options.socket),
            timeout: call.duration(Options.timeout) ?? .seconds(5))
        let findings = facts.findings
        let screen = Screen(of: .output)
        printLines(findings.flatMap { lines($0, on: screen) })
        let faults = findings.filter { $0.grade == .fault }.count
        printOutput(
            faults == 0 ? "\nAll is well.\n" : "\n\(faults) fault\(faults == 1 ? "" : "s").\n")
        return faults == 0 ? .success : .someFailed
    }

    /// One line, and one for the remedy.
    private static func lines(_ finding: Finding, on screen: Screen) -> [String] {
        let (mark, ink): (String, Ink) =
            switch finding.grade {
            case .good: ("ok   ", .green)
            case .note: ("note ", .yellow)
            case .fault: ("FAULT", .red)
            }
        let subject = DisplayWidth.pad(finding.subject, to: 13)
        let text = DisplayWidth.oneLine(finding.text)
        let first = "\(screen.paint(mark, ink)) \(subject) \(text)"
        guard !finding.remedy.isEmpty else { return [first] }
        return [first, "                    → \(finding.remedy)"]
    }
}
