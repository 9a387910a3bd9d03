import Foundation

/// The temporary folder for everything that a sandbox writes; under the software's root, if it has one.
struct SandboxFolder: Sendable {
    /// On this machine.
    let path: String
    private let root: String?
    /// The user that servers run as; nil to run as the caller.
    let user: ServerUser?

    init(for software: ServerSoftware) throws(SandboxError) {
        root = software.root
        user = geteuid() == 0 ? try ServerUser(in: software.root) : nil
        let parent = software.root.map { "\($0)/srv" } ?? temporaryFolder()
        var template = Array("\(parent)/sandbox-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .system(doing: "make a folder in \(parent)", errno: errno) }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        // Servers that run as another user have to traverse it to reach their own folders.
        if user != nil, chmod(path, 0o711) != 0 { throw .system(doing: "open \(path) to the servers", errno: errno) }
    }

    /// A path as the servers see it.
    func inside(_ path: String) -> String {
        guard let root, path.hasPrefix(root) else { return path }
        return String(path.dropFirst(root.count))
    }

    /// Makes a folder that servers may write to.
    func makeServerFolder(_ name: String) throws(SandboxError) -> String {
        let folder = "\(path)/\(name)"
        guard mkdir(folder, 0o700) == 0 else { throw .system(doing: "make \(folder)", errno: errno) }
        if let user, chown(folder, user.id, user.group) != 0 {
            throw .system(doing: "give \(folder) to user mysql", errno: errno)
        }
        return folder
    }

    /// Writes a file that only the caller may read.
    func write(_ text: String, to name: String) throws(SandboxError) -> String {
        let file = "\(path)/\(name)"
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw .system(doing: "write \(file)", errno: errno) }
        return file
    }

    /// - Throws: `SandboxError.system` if something in it cannot be removed.
    func remove() throws(SandboxError) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            guard access(path, F_OK) == 0 else { return }
            throw .system(doing: "remove \(path)", errno: errno)
        }
    }
}

/// The user that servers run as if the caller is root: they refuse to run as root.
struct ServerUser: Sendable {
    let id: uid_t
    let group: gid_t

    /// User `mysql` of this machine, or of a root, which has user IDs of its own.
    init(in root: String?) throws(SandboxError) {
        let file = "\(root ?? "")/etc/passwd"
        let lines = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 3, fields[0] == "mysql", let id = uid_t(fields[2]), let group = gid_t(fields[3]) {
                self.id = id
                self.group = group
                return
            }
        }
        throw .software("there is no user mysql in \(file); servers need one when the sandbox is run as root")
    }
}
