/// Encodes commands as RESP arrays of bulk strings.
enum RESPEncoder {
    /// One command, followed by a NUL byte that is not part of it.
    ///
    /// hiredis 0.14 looks for the command's name and channels with `strchr` and reads the byte after the last argument, so
    /// the buffer must end in a NUL as its own strings do. ``RedisCommand/encodedCount`` leaves it out.
    ///
    /// - Parameter more: arguments behind `arguments`, for a caller that would have to copy them into one array.
    static func encode(_ name: String, _ arguments: [RedisArgument], _ more: [RedisArgument] = []) -> [UInt8] {
        var capacity = 32 + name.utf8.count
        for argument in arguments { capacity += argument.wireSize }
        for argument in more { capacity += argument.wireSize }
        return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            var writer = Writer(buffer: buffer)
            writer.header(UInt8(ascii: "*"), arguments.count + more.count + 1)
            writer.bulk(name)
            for argument in arguments { writer.bulk(argument) }
            for argument in more { writer.bulk(argument) }
            writer.byte(0)
            count = writer.position
        }
    }

    /// Writes into a buffer that was measured to be large enough; every write is bounds-checked by the subscript in debug builds.
    private struct Writer {
        let buffer: UnsafeMutableBufferPointer<UInt8>
        var position = 0

        init(buffer: UnsafeMutableBufferPointer<UInt8>) {
            self.buffer = buffer
        }

        mutating func byte(_ value: UInt8) {
            buffer[position] = value
            position += 1
        }

        mutating func lineEnd() {
            byte(UInt8(ascii: "\r"))
            byte(UInt8(ascii: "\n"))
        }

        mutating func decimal(_ value: Int64) {
            var magnitude = value.magnitude
            if value < 0 { byte(UInt8(ascii: "-")) }
            let digits = Self.digits(of: magnitude)
            var index = position + digits
            repeat {
                index -= 1
                buffer[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10)
                magnitude /= 10
            } while magnitude > 0
            position += digits
        }

        static func digits(of magnitude: UInt64) -> Int {
            var digits = 1
            var rest = magnitude / 10
            while rest > 0 {
                digits += 1
                rest /= 10
            }
            return digits
        }

        mutating func header(_ marker: UInt8, _ count: Int) {
            byte(marker)
            decimal(Int64(count))
            lineEnd()
        }

        mutating func copy(_ source: UnsafeBufferPointer<UInt8>) {
            if let from = source.baseAddress, let base = buffer.baseAddress, !source.isEmpty {
                precondition(source.count <= buffer.count - position, "RESP buffer measured too small")
                (base + position).update(from: from, count: source.count)
            }
            position += source.count
        }

        mutating func bulk(_ argument: RedisArgument) {
            switch argument.storage {
            case .string(let text): bulk(text)
            case .bytes(let bytes): bulk(bytes)
            case .integer(let value): bulk(value)
            }
        }

        mutating func bulk(_ text: String) {
            var text = text
            text.withUTF8 { bytes in
                header(UInt8(ascii: "$"), bytes.count)
                copy(bytes)
            }
            lineEnd()
        }

        mutating func bulk(_ bytes: [UInt8]) {
            header(UInt8(ascii: "$"), bytes.count)
            bytes.withUnsafeBufferPointer { copy($0) }
            lineEnd()
        }

        mutating func bulk(_ value: Int64) {
            header(UInt8(ascii: "$"), Self.digits(of: value.magnitude) + (value < 0 ? 1 : 0))
            decimal(value)
            lineEnd()
        }
    }
}

extension RedisArgument {
    /// An upper bound of the bytes this argument takes on the wire: payload, `$`, up to 20 digits, two line ends.
    fileprivate var wireSize: Int {
        switch storage {
        case .string(let text): text.utf8.count + 26
        case .bytes(let bytes): bytes.count + 26
        case .integer: 20 + 26
        }
    }
}
