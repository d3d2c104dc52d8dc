/// Something that happened at the provider, as a webhook brings it.
public struct PaymentEvent: Sendable, Hashable {
    /// The event's type; unknown ones are kept as text.
    public struct Kind: RawRepresentable, Sendable, Hashable, Codable {
        /// The type as the provider spells it.
        public let rawValue: String

        /// Wraps a type's text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The amount was collected.
        public static let succeeded = Self(rawValue: "payment_intent.succeeded")
        /// A confirmation was declined.
        public static let paymentFailed = Self(rawValue: "payment_intent.payment_failed")
        /// The payer must answer a challenge.
        public static let requiresAction = Self(rawValue: "payment_intent.requires_action")
        /// The intent was given up.
        public static let canceled = Self(rawValue: "payment_intent.canceled")
        /// Money went back.
        public static let refunded = Self(rawValue: "charge.refunded")
        /// A refund came back.
        public static let refundFailed = Self(rawValue: "refund.failed")
        /// The payer objects.
        public static let disputeCreated = Self(rawValue: "charge.dispute.created")
    }

    /// What the event is about, as it was when the event was made.
    public enum Object: Sendable, Hashable {
        /// For `payment_intent.*`.
        case intent(PaymentIntent)
        /// For `charge.refunded` and `refund.*`.
        case refund(PaymentRefund)
        /// For `charge.dispute.*`.
        case dispute(PaymentDispute)
        /// For types this version does not know.
        case other
    }

    /// `evt_…`; the same in every delivery of the event.
    public var id: String
    /// The type.
    public var kind: Kind
    /// Creation time in seconds since 1970.
    public var created: Int64
    /// What it is about.
    public var object: Object

    /// Creates an event from its parts.
    public init(id: String, kind: Kind, created: Int64, object: Object) {
        self.id = id
        self.kind = kind
        self.created = created
        self.object = object
    }

    /// The intent that the event concerns, directly or through a refund or dispute.
    public var intentID: String? {
        switch object {
        case .intent(let intent): intent.id
        case .refund(let refund): refund.intent
        case .dispute(let dispute): dispute.intent
        case .other: nil
        }
    }
}

extension PaymentEvent: Codable {
    private enum CodingKeys: String, CodingKey {
        case id
        case kind = "type"
        case created
        case data
    }

    private enum DataKeys: String, CodingKey {
        case object
    }

    /// Reads the provider's form, `{id, type, created, data: {object}}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        kind = try container.decode(Kind.self, forKey: .kind)
        created = try container.decode(Int64.self, forKey: .created)
        let data = try container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
        switch kind.rawValue {
        case let name where name.hasPrefix("payment_intent."):
            object = .intent(try data.decode(PaymentIntent.self, forKey: .object))
        case "charge.refunded", "refund.failed":
            object = .refund(try data.decode(PaymentRefund.self, forKey: .object))
        case let name where name.hasPrefix("charge.dispute."):
            object = .dispute(try data.decode(PaymentDispute.self, forKey: .object))
        default:
            object = .other
        }
    }

    /// Writes the provider's form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(kind, forKey: .kind)
        try container.encode(created, forKey: .created)
        var data = container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
        switch object {
        case .intent(let intent): try data.encode(intent, forKey: .object)
        case .refund(let refund): try data.encode(refund, forKey: .object)
        case .dispute(let dispute): try data.encode(dispute, forKey: .object)
        case .other: break
        }
    }
}
