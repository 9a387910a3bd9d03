extension Step {
    package static let defaultVersion = "10.11.19-MariaDB-log"

    /// Lets everybody in, whatever the password.
    /// - Parameter thread: the server's id of the connection.
    package static func welcome(version: String = defaultVersion, thread: UInt32 = 1) -> [Step] {
        [.packet(Payload.handshake(version: version, thread: thread)), .receive, .packet(Payload.ok())]
    }

    /// Turns the client away with an error in place of the handshake (1040 too many connections, 1130 host not allowed).
    package static func turnAway(code: UInt16, sqlState: String, message: String) -> [Step] {
        [.packet(Payload.error(code: code, sqlState: sqlState, message: message)), .close]
    }

    /// Refuses the log-in (1045 access denied).
    package static func denyLogIn(code: UInt16, sqlState: String, message: String) -> [Step] {
        [
            .packet(Payload.handshake(version: defaultVersion)), .receive,
            .packet(Payload.error(code: code, sqlState: sqlState, message: message)), .close,
        ]
    }

    /// Asks for another authentication plugin, records what the client answers, and lets it in.
    package static func switchPlugin(to plugin: String) -> [Step] {
        [
            .packet(Payload.handshake(version: defaultVersion)), .receive,
            .packet(Payload.authenticationSwitch(plugin: plugin)), .receive, .packet(Payload.ok()),
        ]
    }

    /// Offers TLS, and does this once the client goes on encrypted.
    package static func offerTLS(then steps: [Step]) -> [Step] {
        [.packet(Payload.handshake(version: defaultVersion, offersTLS: true)), .receive] + steps
    }

    /// Asks the client for one of its files in answer to a query (LOCAL INFILE), and records what comes.
    package static func requestFile(_ path: String) -> [Step] {
        [.packet([0xFB] + Array(path.utf8)), .receive, .packet(Payload.ok())]
    }
}
