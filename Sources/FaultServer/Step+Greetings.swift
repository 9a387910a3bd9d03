extension Step {
    package static let defaultVersion = "10.11.19-MariaDB-log"

    /// Lets every client in, whatever the password.
    /// - Parameter thread: the server's ID of the connection.
    package static func welcome(version: String = defaultVersion, thread: UInt32 = 1) -> [Step] {
        [.packet(Payload.handshake(version: version, thread: thread)), .receive, .packet(Payload.ok())]
    }

    /// Turns the client away with an error instead of the handshake (1040 too many connections, 1130 host not allowed).
    package static func turnAway(code: UInt16, sqlState: String, message: String) -> [Step] {
        [.packet(Payload.error(code: code, sqlState: sqlState, message: message)), .close]
    }

    /// Refuses the login (1045 access denied).
    package static func denyLogIn(code: UInt16, sqlState: String, message: String) -> [Step] {
        [
            .packet(Payload.handshake(version: defaultVersion)), .receive,
            .packet(Payload.error(code: code, sqlState: sqlState, message: message)), .close,
        ]
    }

    /// Asks for another authentication plugin, records the client's answer, and lets it in.
    package static func switchPlugin(to plugin: String) -> [Step] {
        [
            .packet(Payload.handshake(version: defaultVersion)), .receive,
            .packet(Payload.authenticationSwitch(plugin: plugin)), .receive, .packet(Payload.ok()),
        ]
    }

    /// Offers TLS, and performs `steps` once the client continues encrypted.
    package static func offerTLS(then steps: [Step]) -> [Step] {
        [.packet(Payload.handshake(version: defaultVersion, offersTLS: true)), .receive] + steps
    }

    /// Asks the client for one of its files in answer to a query (LOCAL INFILE), and records what it sends.
    package static func requestFile(_ path: String) -> [Step] {
        [.packet([0xFB] + Array(path.utf8)), .receive, .packet(Payload.ok())]
    }
}
