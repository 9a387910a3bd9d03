internal import Replication
package import Topology

/// A test looked for a node or a channel that its scene does not have.
package struct NotInScene: Error, CustomStringConvertible {
    package let description: String
}

extension SetFindings {
    package subscript(name: String) -> NodeFindings {
        get throws {
            guard let node = nodes.first(where: { $0.description.name == name }) else {
                throw NotInScene(description: "no node is named \(name)")
            }
            return node
        }
    }
}

extension NodeFindings {
    package func channel(_ name: String = "") throws -> ChannelFindings {
        guard let channel = channels.first(where: { $0.channel.name == name }) else {
            throw NotInScene(description: "\(description.name) has no channel named \(name.debugDescription)")
        }
        return channel
    }
}
