// What a connection wants done, one thing at a time, in the order in which its frames came.

package import TextflixProtocol

extension Connection {
    package enum Effect: Sendable, Equatable {
        /// A unary request, or the opening of a stream (whose payload, if any, follows as message).
        case request(stream: UInt32, RequestEnvelope)
        /// A message of an open stream.
        case message(stream: UInt32, ArraySlice<UInt8>)
        /// A request was answered with a refusal: too many of the connection are unanswered.
        case refused(stream: UInt32, method: MethodName)
        /// A frame was answered with an error: it broke a rule, or asked for what there is not.
        /// `method`: of its stream or its request; nil: none of ours.
        case rejected(stream: UInt32, method: MethodName?, code: StatusCode)
        /// A frame asked for nothing.
        case nothing
        /// The stream ended here, by a violation or because the client closed it when all was
        /// answered: nothing of it is wanted any more.
        case abandon(stream: UInt32)
        case close(CloseReason)
    }
}
