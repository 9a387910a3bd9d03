import Documents
import Testing

@Suite struct SuggestionTests {
    @Test(
        "the suggestion is what the user probably meant, or none",
        arguments: [
            ("tiemout", "timeout"), ("Time-Out", "timeout"), ("passwrod_file", "password_file"), ("usr", "user"),
            ("tl", "tls"),
            ("zzz", nil), ("", nil), ("passwordpasswordpassword", nil),
        ] as [(String, String?)])
    func suggestions(text: String, meant: String?) {
        #expect(suggestion(for: "ac", among: ["ca"]) == "ca", "swapped letters are one mistake")
        #expect(suggestion(for: text, among: ["user", "password", "password_file", "tls", "timeout"]) == meant)
    }
}
