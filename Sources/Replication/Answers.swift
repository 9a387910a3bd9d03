/// Yes-or-no answers to a few questions; an absent answer is unknown. Used like a dictionary, but allocates nothing:
/// every round makes one per node and channel.
package struct Answers<Question: NumberedQuestion>: Sendable, Equatable {
    private var known: UInt8 = 0
    private var yes: UInt8 = 0

    package init() {}

    package subscript(question: Question) -> Bool? {
        get {
            let bit = UInt8(1) << question.number
            return known & bit == 0 ? nil : yes & bit != 0
        }
        set {
            let bit = UInt8(1) << question.number
            known = newValue == nil ? known & ~bit : known | bit
            yes = newValue == true ? yes | bit : yes & ~bit
        }
    }
}

extension Answers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral answers: (Question, Bool)...) {
        for (question, answer) in answers { self[question] = answer }
    }
}

/// One of at most eight questions.
package protocol NumberedQuestion: Sendable {
    /// 0 to 7.
    var number: Int { get }
}
