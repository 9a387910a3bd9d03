/// For each node, in order, a list: in one array for all of them, because a list of its own for each would be an allocation per
/// node in every round.
package struct NodeLists<Element: Sendable>: Sendable, RandomAccessCollection {
    private var elements: [Element] = []
    /// Where each node's list ends.
    private var ends: [Int] = []

    /// No lists yet; with room for this many of about one element each.
    init(reserving nodes: Int) {
        elements.reserveCapacity(nodes)
        ends.reserveCapacity(nodes)
    }

    init(_ lists: some Sequence<[Element]>) {
        for list in lists { append(list) }
    }

    /// Adds the next node's list.
    mutating func append(_ list: some Sequence<Element>) {
        elements.append(contentsOf: list)
        ends.append(elements.count)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { ends.count }
    package subscript(node: Int) -> ArraySlice<Element> { elements[(node == 0 ? 0 : ends[node - 1])..<ends[node]] }
}

extension NodeLists where Element == Int {
    /// The other way round: for each node, those in whose lists it is, each once and in order.
    init(inverting lists: NodeLists<Int?>) {
        // Counted first; then where each list begins; then, as it is filled, where it ends.
        ends = [Int](repeating: 0, count: lists.count)
        lists.forEachFirst { _, other in ends[other] += 1 }
        var sum = 0
        for node in ends.indices {
            let count = ends[node]
            ends[node] = sum
            sum += count
        }
        elements = [Int](repeating: 0, count: sum)
        lists.forEachFirst { node, other in
            elements[ends[other]] = node
            ends[other] += 1
        }
    }
}

extension NodeLists where Element == Int? {
    /// Every element, with the node in whose list it is; an element that its list has twice only once.
    fileprivate func forEachFirst(_ body: (_ node: Int, _ element: Int) -> Void) {
        for (node, list) in self.enumerated() {
            for (place, element) in zip(list.indices, list) {
                // A node has few channels.
                guard let element, !list[..<place].contains(element) else { continue }
                body(node, element)
            }
        }
    }
}

extension NodeLists: Equatable where Element: Equatable {}

extension NodeLists: ExpressibleByArrayLiteral {
    package init(arrayLiteral lists: [Element]...) { self.init(lists) }
}
