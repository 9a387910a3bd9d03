import ArgumentParser
import Documents
import Glibc

/// Asks for a password at the terminal, whatever standard input and output are: `grants --ask-password | mysql`.
enum PasswordPrompt {
    /// - Parameter mayBeEmpty: whether Enter alone is an answer.
    static func ask(_ prompt: String, mayBeEmpty: Bool = false) throws -> Secret {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else {
            throw ValidationError("There is no terminal to ask for a password at; use --password-file.")
        }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else {
            throw ValidationError("The terminal cannot be set to hide a password; use --password-file.")
        }
        var silent = before
        // Without signals, as getpass(3): an interrupt would leave the terminal without echo.
        silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
        guard tcsetattr(terminal, TCSAFLUSH, &silent) == 0 else {
            throw ValidationError("The terminal cannot be set to hide a password; use --password-file.")
        }
        defer {
            tcsetattr(terminal, TCSAFLUSH, &before)
            say("\n", to: terminal)
        }
        say(prompt, to: terminal)
        let password = try line(from: terminal)
        guard !password.contains("\u{3}") else { throw ValidationError("Cancelled.") }
        guard mayBeEmpty || !password.isEmpty else { throw ValidationError("No password was given.") }
        return Secret(password)
    }

    private static func say(_ text: String, to terminal: Int32) {
        let bytes = Array(text.utf8)
        _ = write(terminal, bytes, bytes.count)
    }

    /// The terminal passes on whole lines.
    private static func line(from terminal: Int32) throws -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 1024, read(terminal, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ValidationError("The password is not UTF-8 text.")
        }
        return text
    }
}
