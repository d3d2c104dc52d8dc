import JobQueue
import RedisClient

extension Catalog {
    /// A product of this seller, whatever its status.
    ///
    /// - Throws: ``MarketplaceError`` `not_found`, also for another's.
    public func sellerProduct(_ id: String, seller: String) async throws -> Product {
        guard Identifier.isValid(id, .product), let product = try await products([id])[0], product.seller.id == seller
        else { throw Self.notFound }
        return product
    }

    /// The seller's products, drafts included, newest first.
    public func sellerProducts(seller: String, cursor: String? = nil, limit: Int = 20) async throws -> Page<Product> {
        try Marketplace.checkLimit(limit)
        let position = try cursor.map { try Cursor($0, tag: "seller", kind: .product) }
        let values = try await market.run(
            Scripts.list,
            arguments: [
                .init(seller), .init(position.map { Cursor.text($0.score) } ?? "0"), .init(position?.member ?? ""),
                .init(limit),
            ],
            retry: .safe)
        return try page(values, tag: "seller")
    }

    /// Makes a draft.
    ///
    /// - Throws: ``MarketplaceError`` with every field that can't be accepted.
    public func create(_ product: NewProduct, seller: String) async throws -> Product {
        let checked = try ProductRules.checked(product, configuration: market.configuration)
        let id = market.newID(.product)
        let slug = Slug.make(checked.title, fallback: "product")
        let owner = try await market.accounts.user(id: seller)
        let values = try await market.run(
            Scripts.create,
            arguments: [.init(id), .init(seller), .init(slug), .init(market.random.digits(6))]
                + described(checked, sellerName: owner.name) + [offset, .init(ProductRules.maximumProducts)])
        return try changed(values)
    }

    /// Changes what the patch names.
    ///
    /// - Parameter ifVersion: The version that the caller has seen; `nil` changes whatever there is.
    /// - Throws: ``MarketplaceError`` `not_found`, `precondition_failed`, or the fields that can't be accepted.
    public func update(
        _ id: String, _ patch: ProductPatch, seller: String, ifVersion: Int64? = nil
    ) async throws -> Product {
        var attempts = 0
        while true {
            let product = try await sellerProduct(id, seller: seller)
            if let ifVersion, product.version != ifVersion {
                throw MarketplaceError.preconditionFailed(
                    "precondition_failed", "The product is at version \(product.version) by now, not \(ifVersion).")
            }
            let checked = try ProductRules.checked(patch.applied(to: product), configuration: market.configuration)
            do {
                let values = try await market.run(
                    Scripts.update,
                    arguments: [.init(id), .init(seller), .init(product.version), offset]
                        + described(checked, sellerName: product.seller.name))
                return try changed(values)
            } catch let error as MarketplaceError where error.code == "precondition_failed" && ifVersion == nil {
                // Somebody else's change came between: this one goes on top of it. Ten in a row is a fault.
                attempts += 1
                guard attempts < 10 else { throw error }
            }
        }
    }

    /// Sets the files that the product consists of, in this order.
    ///
    /// - Throws: ``MarketplaceError`` with a pointer to each upload that can't be sold, `product_has_no_files` for none on a
    ///   published product, `precondition_failed`.
    public func setFiles(
        _ id: String, uploads ids: [String], seller: String, ifVersion: Int64? = nil
    ) async throws -> Product {
        _ = try await sellerProduct(id, seller: seller)
        var fields: [MarketplaceError.Field] = []
        var files: [ProductFile] = []
        guard ids.count <= ProductRules.maximumFiles else {
            throw MarketplaceError.invalid(
                pointer: "/upload_ids", code: "too_many_files",
                detail: "A product has at most \(ProductRules.maximumFiles) files.")
        }
        for (index, upload) in ids.enumerated() {
            let pointer = "/upload_ids/\(index)"
            let found = try await readyUpload(upload, .file, seller: seller, pointer: pointer)
            if ids.firstIndex(of: upload) != index {
                fields.append(.init(pointer: pointer, code: "upload_repeated", detail: "This upload is listed twice."))
            }
            switch found {
            case .failure(let field): fields.append(field)
            case .success(let (upload, report)):
                files.append(
                    ProductFile(
                        id: upload.id, filename: upload.filename, size: report.size, kind: report.kind,
                        sha256: report.sha256, contentType: upload.contentType))
            }
        }
        guard fields.isEmpty else { throw MarketplaceError.invalid(fields) }
        let values = try await market.run(
            Scripts.files,
            arguments: [
                .init(id), .init(seller), .init(ifVersion.map(String.init) ?? ""), offset,
                .init(try Uploads.json(files)), .init(try Uploads.json(ids)),
            ])
        return try changed(values)
    }

    /// Sets the product's picture, or removes it.
    ///
    /// - Throws: ``MarketplaceError`` for an upload that is no ready cover of this seller, `precondition_failed`.
    public func setCover(
        _ id: String, upload: String?, seller: String, ifVersion: Int64? = nil
    ) async throws -> Product {
        _ = try await sellerProduct(id, seller: seller)
        var json = ""
        if let upload {
            switch try await readyUpload(upload, .cover, seller: seller, pointer: "/upload_id") {
            case .failure(let field): throw MarketplaceError.invalid([field])
            case .success(let (upload, report)):
                let thumbnails = report.thumbnails.map { Thumbnail(width: $0.width, height: $0.height, type: $0.type) }
                json = try Uploads.json(
                    ProductCover(
                        upload: upload.id, thumbnails: thumbnails, placeholder: report.placeholder,
                        width: report.width ?? 0, height: report.height ?? 0))
            }
        }
        let values = try await market.run(
            Scripts.cover,
            arguments: [
                .init(id), .init(seller), .init(ifVersion.map(String.init) ?? ""), offset, .init(json),
                .init(upload ?? ""),
            ])
        return try changed(values)
    }

    /// Puts the product on sale; a repeat changes nothing.
    ///
    /// - Throws: ``MarketplaceError`` `product_has_no_files`, `not_found`, `precondition_failed`.
    public func publish(_ id: String, seller: String, ifVersion: Int64? = nil) async throws -> Product {
        try await move(id, to: .published, seller: seller, ifVersion: ifVersion)
    }

    /// Takes the product off sale.
    ///
    /// Who bought it keeps it. A repeat changes nothing.
    ///
    /// - Throws: ``MarketplaceError`` `not_published`, `not_found`, `precondition_failed`.
    public func withdraw(_ id: String, seller: String, ifVersion: Int64? = nil) async throws -> Product {
        try await move(id, to: .withdrawn, seller: seller, ifVersion: ifVersion)
    }

    /// Deletes a product that was never on sale.
    ///
    /// - Throws: ``MarketplaceError`` `product_was_published`, `not_found`, `precondition_failed`.
    public func delete(_ id: String, seller: String, ifVersion: Int64? = nil) async throws {
        guard Identifier.isValid(id, .product) else { throw Self.notFound }
        _ = try await market.run(
            Scripts.delete, arguments: [.init(id), .init(seller), .init(ifVersion.map(String.init) ?? "")])
    }

    private func move(
        _ id: String, to status: ProductStatus, seller: String, ifVersion: Int64?
    ) async throws -> Product {
        guard Identifier.isValid(id, .product) else { throw Self.notFound }
        let values = try await market.run(
            Scripts.publish,
            arguments: [
                .init(id), .init(seller), .init(ifVersion.map(String.init) ?? ""), offset, .init(status.rawValue),
            ])
        return try changed(values)
    }

    /// Title, description, price, currency, category, tags, limit, words: as the scripts of creation and update take them.
    private func described(_ product: NewProduct, sellerName: String) throws -> [RedisArgument] {
        [
            .init(product.title), .init(product.description), .init(product.price.amount),
            .init(product.price.currency), .init(product.category), .init(try Uploads.json(product.tags)),
            .init(product.downloadLimit.map(String.init) ?? ""),
            .init(try Uploads.json(SearchTerms.weights(of: product, seller: sellerName))),
        ]
    }

    private func changed(_ values: [RESPValue]) throws -> Product {
        guard let product = try product(ScriptReply.record(values[0])) else { throw Self.notFound }
        return product
    }

    private enum Found {
        case success((Upload, UploadReport))
        case failure(MarketplaceError.Field)
    }

    private func readyUpload(
        _ id: String, _ purpose: UploadPurpose, seller: String, pointer: String
    ) async throws -> Found {
        // Another's upload is one that does not exist, as everywhere.
        guard let upload = try await market.uploads.record(id: id), upload.owner == seller else {
            return .failure(.init(pointer: pointer, code: "upload_unknown", detail: "You have no such upload."))
        }
        guard upload.purpose == purpose else {
            return .failure(
                .init(
                    pointer: pointer, code: "upload_purpose",
                    detail: "This upload was made as a \(upload.purpose.rawValue), not as a \(purpose.rawValue)."))
        }
        guard upload.state == .ready, let report = upload.report else {
            return .failure(
                .init(
                    pointer: pointer, code: "upload_not_ready",
                    detail: "This upload is \(upload.state.rawValue); only a ready one can be sold."))
        }
        return .success((upload, report))
    }
}
