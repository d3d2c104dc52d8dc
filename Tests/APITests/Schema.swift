import Foundation

/// The part of JSON Schema that the contract uses, to hold answers to it.
struct Schema {
    /// The whole contract, which `$ref` points into.
    let root: JSON

    /// What is wrong with a value, each with its place; members that the schema does not know are wrong too, because a
    /// client can't know them either.
    func problems(_ value: JSON, against schema: JSON, at place: String = "") -> [String] {
        let schema = resolve(schema)
        if case .array(let options) = schema["oneOf"] {
            let fits = options.filter { problems(value, against: $0, at: place).isEmpty }
            return fits.count == 1 ? [] : ["\(place): fits \(fits.count) of \(options.count) alternatives"]
        }
        var found: [String] = []
        if schema["const"] != .null, schema["const"] != value { found.append("\(place): is not \(schema["const"])") }
        if case .array(let allowed) = schema["enum"], !allowed.contains(value) {
            found.append("\(place): \(value) is none of the enum")
        }
        if !typeFits(value, schema["type"]) { found.append("\(place): \(value) is no \(schema["type"])") }
        if case .object(let members) = value { found += problems(in: members, schema, place) }
        if case .array(let elements) = value, schema["items"] != .null {
            for (index, element) in elements.enumerated() {
                found += problems(element, against: schema["items"], at: "\(place)/\(index)")
            }
        }
        return found
    }

    private func problems(in members: [String: JSON], _ schema: JSON, _ place: String) -> [String] {
        let (properties, required) = shape(schema)
        var found = required.subtracting(members.keys).map { "\(place)/\($0): is missing" }
        for (name, member) in members {
            if let known = properties[name] {
                found += problems(member, against: known, at: "\(place)/\(name)")
            } else if !properties.isEmpty {
                found.append("\(place)/\(name): is not in the contract")
            }
        }
        return found
    }

    /// The members that an object may and must have, those of `allOf` included; a member's own description wins.
    private func shape(_ schema: JSON) -> (properties: [String: JSON], required: Set<String>) {
        var properties: [String: JSON] = [:]
        var required = Set(schema["required"].array.compactMap(\.string))
        for base in schema["allOf"].array {
            let inherited = shape(resolve(base))
            properties.merge(inherited.properties) { $1 }
            required.formUnion(inherited.required)
        }
        if case .object(let own) = schema["properties"] { properties.merge(own) { $1 } }
        return (properties, required)
    }

    private func typeFits(_ value: JSON, _ type: JSON) -> Bool {
        let names = type.string.map { [$0] } ?? type.array.compactMap(\.string)
        return names.isEmpty
            || names.contains { name in
                switch (name, value) {
                case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object),
                    ("number", .number):
                    true
                case ("integer", .number(let number)): number.rounded() == number
                default: false
                }
            }
    }

    func resolve(_ schema: JSON) -> JSON {
        guard let reference = schema["$ref"].string else { return schema }
        let target = reference.dropFirst(2).split(separator: "/").reduce(root) { $0[String($1)] }
        return resolve(target)
    }
}
