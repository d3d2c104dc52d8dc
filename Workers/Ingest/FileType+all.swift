import Marketplace

extension FileType {
    /// The formats whose names are held to their content.
    ///
    /// A format that is not here is taken as it comes.
    static let all: [FileType] = pictures + books + documents + sound + moving + fonts + archives + programs

    private static let pictures: [FileType] = [
        FileType(mediaType: "image/png", kind: .image, extensions: ["png", "apng"], aliases: ["image/apng"]),
        FileType(
            mediaType: "image/jpeg", kind: .image, extensions: ["jpg", "jpeg", "jpe", "jfif"],
            aliases: ["image/jpg", "image/pjpeg"]),
        FileType(mediaType: "image/webp", kind: .image, extensions: ["webp"]),
        FileType(mediaType: "image/gif", kind: .image, extensions: ["gif"]),
        FileType(mediaType: "image/tiff", kind: .image, extensions: ["tif", "tiff"]),
        FileType(mediaType: "image/avif", kind: .image, extensions: ["avif"]),
        FileType(mediaType: "image/heic", kind: .image, extensions: ["heic", "heif"], aliases: ["image/heif"]),
        FileType(
            mediaType: "image/bmp", kind: .image, extensions: ["bmp"], aliases: ["image/x-ms-bmp", "image/x-bmp"]),
        FileType(
            mediaType: "image/svg+xml", kind: .image, extensions: ["svg"],
            detected: ["image/svg", "text/xml", "application/xml", "text/html", "text/plain"]),
        FileType(
            mediaType: "image/vnd.adobe.photoshop", kind: .image, extensions: ["psd"],
            aliases: ["image/x-photoshop", "application/x-photoshop"]),
    ]

    private static let books: [FileType] = [
        FileType(mediaType: "application/epub+zip", kind: .ebook, extensions: ["epub"]),
        FileType(
            mediaType: "application/x-mobipocket-ebook", kind: .ebook, extensions: ["mobi", "azw", "azw3", "prc"],
            aliases: ["application/vnd.amazon.ebook", "application/vnd.amazon.mobi8-ebook"]),
        FileType(
            mediaType: "application/vnd.comicbook+zip", kind: .ebook, extensions: ["cbz"],
            aliases: ["application/x-cbz"], detected: ["application/zip"]),
        FileType(
            mediaType: "application/vnd.comicbook-rar", kind: .ebook, extensions: ["cbr"],
            aliases: ["application/x-cbr"], detected: ["application/x-rar", "application/vnd.rar"]),
        FileType(
            mediaType: "image/vnd.djvu", kind: .ebook, extensions: ["djvu", "djv"], aliases: ["image/x-djvu"]),
    ]

    private static let text = ["text/*", "application/json", "application/x-ndjson", "application/javascript"]

    private static let documents: [FileType] = [
        FileType(mediaType: "application/pdf", kind: .document, extensions: ["pdf"], aliases: ["application/x-pdf"]),
        FileType(
            mediaType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", kind: .document,
            extensions: ["docx"], detected: ["application/zip"]),
        FileType(
            mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", kind: .document,
            extensions: ["xlsx"], detected: ["application/zip"]),
        FileType(
            mediaType: "application/vnd.openxmlformats-officedocument.presentationml.presentation", kind: .document,
            extensions: ["pptx"], detected: ["application/zip"]),
        FileType(
            mediaType: "application/msword", kind: .document, extensions: ["doc"],
            detected: ["application/x-ole-storage", "application/CDFV2"]),
        FileType(
            mediaType: "application/vnd.oasis.opendocument.text", kind: .document, extensions: ["odt"],
            detected: ["application/zip"]),
        FileType(
            mediaType: "application/vnd.oasis.opendocument.spreadsheet", kind: .document, extensions: ["ods"],
            detected: ["application/zip"]),
        FileType(
            mediaType: "application/rtf", kind: .document, extensions: ["rtf"], aliases: ["text/rtf"]),
        FileType(
            mediaType: "text/plain", kind: .document,
            extensions: [
                "txt", "md", "markdown", "rst", "csv", "tsv", "log", "json", "html", "htm", "css", "xml", "tex",
            ],
            aliases: ["text/markdown", "text/csv", "text/html", "text/css", "text/xml", "application/json"],
            detected: text + ["application/xml", "application/csv", "message/*"]),
    ]

    private static let sound: [FileType] = [
        FileType(mediaType: "audio/flac", kind: .audio, extensions: ["flac"], aliases: ["audio/x-flac"]),
        // Frames without an ID3 tag are plain data to libmagic.
        FileType(
            mediaType: "audio/mpeg", kind: .audio, extensions: ["mp3"], aliases: ["audio/mp3", "audio/x-mp3"],
            detected: ["application/octet-stream", "audio/mpegapplication/octet-stream"]),
        FileType(
            mediaType: "audio/wav", kind: .audio, extensions: ["wav"],
            aliases: ["audio/x-wav", "audio/wave", "audio/vnd.wave"]),
        FileType(
            mediaType: "audio/ogg", kind: .audio, extensions: ["ogg", "oga", "opus"],
            aliases: ["application/ogg", "audio/opus", "audio/vorbis"], detected: ["video/ogg"]),
        FileType(
            mediaType: "audio/mp4", kind: .audio, extensions: ["m4a", "m4b"], aliases: ["audio/x-m4a", "audio/m4a"],
            detected: ["video/mp4", "video/quicktime"]),
        FileType(
            mediaType: "audio/aac", kind: .audio, extensions: ["aac"], aliases: ["audio/x-hx-aac-adts", "audio/x-aac"]),
        FileType(mediaType: "audio/aiff", kind: .audio, extensions: ["aif", "aiff"], aliases: ["audio/x-aiff"]),
        FileType(mediaType: "audio/midi", kind: .audio, extensions: ["mid", "midi"], aliases: ["audio/x-midi"]),
    ]

    private static let moving: [FileType] = [
        FileType(
            mediaType: "video/mp4", kind: .video, extensions: ["mp4", "m4v"], aliases: ["video/x-m4v"],
            detected: ["video/quicktime"]),
        FileType(
            mediaType: "video/quicktime", kind: .video, extensions: ["mov"], detected: ["video/mp4"]),
        FileType(
            mediaType: "video/webm", kind: .video, extensions: ["webm"],
            detected: ["video/x-matroska", "application/x-matroska"]),
        FileType(
            mediaType: "video/x-matroska", kind: .video, extensions: ["mkv"], aliases: ["application/x-matroska"],
            detected: ["video/webm"]),
        FileType(mediaType: "video/x-msvideo", kind: .video, extensions: ["avi"], aliases: ["video/avi"]),
    ]

    private static let fonts: [FileType] = [
        FileType(
            mediaType: "font/otf", kind: .font, extensions: ["otf"],
            aliases: ["application/vnd.ms-opentype", "application/x-font-otf", "application/x-font-opentype"],
            detected: ["font/sfnt", "font/ttf", "application/font-sfnt", "application/x-font-ttf"]),
        FileType(
            mediaType: "font/ttf", kind: .font, extensions: ["ttf"],
            aliases: ["application/x-font-ttf", "application/x-font-truetype", "font/sfnt", "application/font-sfnt"],
            detected: ["application/vnd.ms-opentype", "font/otf"]),
        FileType(mediaType: "font/collection", kind: .font, extensions: ["ttc", "otc"]),
        FileType(
            mediaType: "font/woff", kind: .font, extensions: ["woff"],
            aliases: ["application/font-woff", "application/x-font-woff"]),
        FileType(mediaType: "font/woff2", kind: .font, extensions: ["woff2"], aliases: ["application/font-woff2"]),
    ]

    private static let archives: [FileType] = [
        // Everything that is a ZIP inside may be sold as one.
        FileType(
            mediaType: "application/zip", kind: .archive, extensions: ["zip"],
            aliases: ["application/x-zip-compressed", "application/x-zip"],
            detected: [
                "application/epub+zip", "application/java-archive", "application/vnd.android.package-archive",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            ]),
        FileType(mediaType: "application/x-tar", kind: .archive, extensions: ["tar"], aliases: ["application/tar"]),
        FileType(
            mediaType: "application/gzip", kind: .archive, extensions: ["gz", "tgz"],
            aliases: ["application/x-gzip", "application/x-gtar-compressed"]),
        FileType(
            mediaType: "application/x-bzip2", kind: .archive, extensions: ["bz2", "tbz2"],
            aliases: ["application/bzip2"]),
        FileType(mediaType: "application/x-xz", kind: .archive, extensions: ["xz", "txz"]),
        FileType(mediaType: "application/zstd", kind: .archive, extensions: ["zst"], aliases: ["application/x-zstd"]),
        FileType(mediaType: "application/x-7z-compressed", kind: .archive, extensions: ["7z"]),
        FileType(
            mediaType: "application/vnd.rar", kind: .archive, extensions: ["rar"],
            aliases: ["application/x-rar", "application/x-rar-compressed"]),
    ]

    private static let programs: [FileType] = [
        FileType(
            mediaType: "application/vnd.microsoft.portable-executable", kind: .software, extensions: ["exe", "dll"],
            aliases: ["application/x-dosexec", "application/x-msdownload", "application/x-msdos-program"]),
        FileType(
            mediaType: "application/x-msi", kind: .software, extensions: ["msi"],
            detected: ["application/x-ole-storage", "application/CDFV2"]),
        FileType(
            mediaType: "application/java-archive", kind: .software, extensions: ["jar", "war"],
            aliases: ["application/x-java-archive"], detected: ["application/zip"]),
        FileType(
            mediaType: "application/vnd.android.package-archive", kind: .software, extensions: ["apk"],
            detected: ["application/zip", "application/java-archive"]),
        FileType(
            mediaType: "application/vnd.debian.binary-package", kind: .software, extensions: ["deb"],
            aliases: ["application/x-debian-package", "application/x-deb"]),
        FileType(
            mediaType: "application/x-rpm", kind: .software, extensions: ["rpm"],
            aliases: ["application/x-redhat-package-manager"]),
        FileType(
            mediaType: "application/x-iso9660-image", kind: .software, extensions: ["iso"],
            detected: ["application/octet-stream"]),
        FileType(
            mediaType: "application/x-executable", kind: .software, extensions: ["appimage"],
            aliases: ["application/x-pie-executable", "application/x-sharedlib", "application/x-elf"]),
        FileType(
            mediaType: "text/x-script", kind: .software,
            extensions: ["py", "sh", "js", "ts", "rb", "pl", "lua", "swift", "c", "h", "cpp", "rs", "go", "java"],
            aliases: ["text/x-python", "text/x-shellscript", "application/javascript", "text/javascript"],
            detected: text),
    ]
}
