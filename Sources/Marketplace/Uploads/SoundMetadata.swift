/// A sound file.
public struct AudioMetadata: Codable, Sendable, Equatable {
    /// Seconds.
    public var duration: Double
    /// As ffmpeg names it: `flac`, `mp3`, `aac`.
    public var codec: String
    /// Bits per second, of the whole file.
    @ExplicitNull public var bitrate: Int?
    /// Hertz.
    public var sampleRate: Int
    /// How many.
    public var channels: Int
    /// Title, artist, album and the like, by their names in lower case.
    public var tags: [String: String]
    /// The loudest sample of each of up to 200 equal parts, from 0 to 100, for drawing the wave.
    public var peaks: [Int]

    private enum CodingKeys: String, CodingKey {
        case codec, bitrate, channels, tags, peaks
        case duration = "duration_s"
        case sampleRate = "sample_rate"
    }

    /// Describes sound.
    public init(
        duration: Double, codec: String, bitrate: Int? = nil, sampleRate: Int, channels: Int,
        tags: [String: String] = [:], peaks: [Int] = []
    ) {
        self.duration = duration
        self.codec = codec
        self.bitrate = bitrate
        self.sampleRate = sampleRate
        self.channels = channels
        self.tags = tags
        self.peaks = peaks
    }
}

/// Moving pictures.
public struct VideoMetadata: Codable, Sendable, Equatable {
    /// Seconds.
    public var duration: Double
    /// As ffmpeg names it: `h264`, `vp9`.
    public var codec: String
    /// Pixels as shown, after the turn and the stretch that the file asks for.
    public var width: Int
    /// Pixels as shown.
    public var height: Int
    /// Pictures per second, on average.
    @ExplicitNull public var framesPerSecond: Double?
    /// Bits per second, of the whole file.
    @ExplicitNull public var bitrate: Int?
    /// The sound's codec; nil for a silent film.
    @ExplicitNull public var audioCodec: String?
    /// Title, artist and the like, by their names in lower case.
    public var tags: [String: String]

    private enum CodingKeys: String, CodingKey {
        case codec, width, height, bitrate, tags
        case duration = "duration_s"
        case framesPerSecond = "fps"
        case audioCodec = "audio_codec"
    }

    /// Describes a film.
    public init(
        duration: Double, codec: String, width: Int, height: Int, framesPerSecond: Double? = nil,
        bitrate: Int? = nil, audioCodec: String? = nil, tags: [String: String] = [:]
    ) {
        self.duration = duration
        self.codec = codec
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.bitrate = bitrate
        self.audioCodec = audioCodec
        self.tags = tags
    }
}
