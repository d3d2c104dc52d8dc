@testable import Dashboard
import Foundation
import Testing

/// Compares a screen with the committed file of this name; `WRITE_SCREENS=1` writes it anew (`SUNSET_…` would be a setting).
func expectScreen(_ lines: [String], _ name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens/\(name).txt")
    let text = lines.joined(separator: "\n") + "\n"
    if ProcessInfo.processInfo.environment["WRITE_SCREENS"] != nil {
        try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(name)")
}

@Suite("The whole screens of top")
struct ScreenFileTests {
    @Test(
        "each view is drawn as committed, in few columns, in many, and without colours and Unicode",
        arguments: TopView.allCases,
        [(80, 24, true), (120, 40, true), (80, 24, false)])
    func views(_ view: TopView, _ look: (columns: Int, rows: Int, isRich: Bool)) throws {
        let features = TerminalFeatures(hasColors: look.isRich, hasUnicode: look.isRich)
        var painter = Painter(colors: features.hasColors)
        var terminal = FakeTerminal(columns: look.columns, rows: look.rows)
        let canvas = TopDrawing(features: features).draw(
            TopSample.model(view), columns: look.columns, rows: look.rows)
        let bytes = painter.bytes(for: canvas)
        terminal.take(bytes)
        #expect(terminal.lines == canvas.lines)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(/\u{1B}\[[0-9;]*;3[1-6]m/) == look.isRich)
        if !look.isRich { #expect(text.utf8.allSatisfy { $0 < 0x80 }) }
        try expectScreen(
            terminal.lines, "\(view)-\(look.columns)x\(look.rows)\(look.isRich ? "" : "-ascii")")
    }

    @Test("the help is drawn as committed")
    func help() throws {
        var model = TopSample.model()
        model.showsHelp = true
        let canvas = TopDrawing(features: TerminalFeatures()).draw(model, columns: 80, rows: 24)
        try expectScreen(canvas.lines, "help-80x24")
    }
}
