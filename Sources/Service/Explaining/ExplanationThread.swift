// The thread that explains: takes texts apart, has their variants scored through the queue, and
// works out the answers.
//
// It reads its letters between any two turns of a few milliseconds: a newcomer does not wait for
// the end of somebody's answer, and nothing is done for a request that was dropped. It computes no
// model and touches no socket.

internal import Synchronization
package import Syscalls

package final class ExplanationThread: Sendable {
    enum Letter: Sendable {
        case begin(ExplanationTask)
        case outcomes([TextOutcome])
        case drop(RequestID)
        case stop
    }

    private let letters = Mutex<[Letter]>([])
    private let bell = Futex()
    private let scheduler: Scheduler
    private let mailbox: Mailbox
    private let pulse: Pulse
    private let limits: ServiceLimits

    package init(limits: ServiceLimits, scheduler: Scheduler, mailbox: Mailbox, pulse: Pulse) {
        self.limits = limits
        self.scheduler = scheduler
        self.mailbox = mailbox
        self.pulse = pulse
    }

    package func start() throws(Errno) {
        try Thread.spawn(name: "explain", stackBytes: 1 << 20) { [self] in
            run()
            pulse.end()
        }.detach()
    }

    package func begin(_ task: ExplanationTask) { post(.begin(task)) }

    package func deliver(_ outcomes: [TextOutcome]) { post(.outcomes(outcomes)) }

    package func drop(_ request: RequestID) { post(.drop(request)) }

    package func stop() { post(.stop) }

    private func post(_ letter: Letter) {
        letters.withLock { $0.append(letter) }
        bell.add(1)
        bell.wake()
    }

    private func run() {
        var desk = ExplanationDesk(limits: limits, scheduler: scheduler, mailbox: mailbox)
        while true {
            let seen = bell.value
            let taken = letters.withLock { letters in
                defer { letters = [] }
                return letters
            }
            for letter in taken {
                pulse.beat()
                switch letter {
                case .begin(let task): desk.begin(task)
                case .outcomes(let outcomes): desk.take(outcomes)
                case .drop(let request): desk.drop(request)
                case .stop: return
                }
            }
            pulse.beat()
            if desk.takeTurn() || !taken.isEmpty { continue }
            pulse.rest()
            bell.wait(while: seen)
        }
    }
}
