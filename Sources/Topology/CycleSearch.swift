/// Tarjan's search for strongly connected components, linear in nodes and channels. Iterative, with an explicit stack,
/// so that a chain of thousands of nodes cannot overflow the call stack.
struct CycleSearch {
    /// In the order of their first nodes.
    private(set) var cycles: [Set<Int>] = []

    private let sources: NodeLists<Int?>
    /// When a node was first seen; nil before that.
    private var order: [Int?]
    /// The earliest seen node reachable from a node.
    private var earliest: [Int]
    /// Seen nodes that do not belong to a finished component yet.
    private var open: [Int] = []
    private var isOpen: [Bool]
    private var seen = 0

    init(_ sources: NodeLists<Int?>) {
        self.sources = sources
        order = Array(repeating: nil, count: sources.count)
        earliest = Array(repeating: 0, count: sources.count)
        isOpen = Array(repeating: false, count: sources.count)
        for node in sources.indices where order[node] == nil { search(from: node) }
        cycles.sort { $0.min() ?? 0 < $1.min() ?? 0 }
    }

    private mutating func search(from start: Int) {
        var path: [(node: Int, channel: Int)] = [(start, 0)]
        enter(start)
        while let (node, channel) = path.last {
            let above = sources[node]
            guard channel < above.count else {
                path.removeLast()
                if let below = path.last?.node { earliest[below] = min(earliest[below], earliest[node]) }
                if earliest[node] == order[node] { finish(node) }
                continue
            }
            path[path.count - 1].channel += 1
            guard let source = above[above.startIndex + channel] else { continue }
            if let seenAt = order[source] {
                if isOpen[source] { earliest[node] = min(earliest[node], seenAt) }
            } else {
                enter(source)
                path.append((source, 0))
            }
        }
    }

    private mutating func enter(_ node: Int) {
        order[node] = seen
        earliest[node] = seen
        seen += 1
        open.append(node)
        isOpen[node] = true
    }

    private mutating func finish(_ first: Int) {
        // Almost always: a node by itself.
        if open.last == first {
            open.removeLast()
            isOpen[first] = false
            if sources[first].contains(first) { cycles.append([first]) }
            return
        }
        var component: Set<Int> = []
        while let node = open.popLast() {
            isOpen[node] = false
            component.insert(node)
            if node == first { break }
        }
        cycles.append(component)
    }
}
