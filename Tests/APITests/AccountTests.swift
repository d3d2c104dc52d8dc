import Testing

struct AccountTests {
    @Test("sign-up, confirmation, sign-in and sign-out by bearer token")
    func bearer() async throws {
        try await withInstallation { installation in
            let token = try await installation.signUp("ada", groups: ["buyer", "seller"])
            let me = try await installation.get("/v1/me", as: token)
            #expect(me.status == 200)
            #expect(me.json["email"].string == "ada@example.org")
            #expect(me.json["groups"].array.compactMap(\.string).sorted() == ["buyer", "seller"])
            #expect(me.json["confirmed"] == .bool(true))
            #expect(try await installation.post("/v1/auth/sign-out", as: token).status == 204)
            try await installation.get("/v1/me", as: token).expectProblem(401, "session_invalid")
            try await installation.get("/v1/me").expectProblem(401, "unauthenticated")
        }
    }

    @Test("a known address gets the same answer as a new one, and an unconfirmed account no session")
    func sameAnswers() async throws {
        try await withInstallation { installation in
            let body = #"{"email":"eve@example.org","password":"\#(Installation.password)","name":"Eve"}"#
            let first = try await installation.post("/v1/auth/sign-up", body)
            let second = try await installation.post("/v1/auth/sign-up", body)
            #expect(first.status == 202 && second.status == 202)
            #expect(first.json == second.json)
            let signIn = #"{"email":"eve@example.org","password":"\#(Installation.password)"}"#
            try await installation.post("/v1/auth/sign-in", signIn).expectProblem(403, "not_confirmed")
            let wrong = #"{"email":"eve@example.org","password":"something else entirely"}"#
            try await installation.post("/v1/auth/sign-in", wrong).expectProblem(401, "invalid_credentials")
            #expect(
                try await installation.post("/v1/auth/forgot-password", #"{"email":"nobody@example.org"}"#).status
                    == 202)
            try await installation.post(
                "/v1/auth/confirm", #"{"email":"eve@example.org","code":"000000"}"#
            ).expectProblem(422, "code_invalid")
        }
    }

    @Test("many wrong passwords lock out, with Retry-After")
    func lockout() async throws {
        try await withInstallation { installation in
            _ = try await installation.signUp("max")
            let wrong = #"{"email":"max@example.org","password":"not it, not it"}"#
            var last = try await installation.post("/v1/auth/sign-in", wrong)
            for _ in 0..<8 where last.status != 429 {
                last = try await installation.post("/v1/auth/sign-in", wrong)
            }
            last.expectProblem(429, "locked_out")
            #expect(last.header("retry-after").flatMap { Int($0) }.map { $0 >= 1 } == true)
        }
    }

    @Test("the cookie authenticates, and unsafe methods need the right Origin with it")
    func cookie() async throws {
        try await withInstallation { installation in
            _ = try await installation.signUp("ada")
            let answer = try await installation.post(
                "/v1/auth/sign-in", #"{"email":"ada@example.org","password":"\#(Installation.password)"}"#)
            let cookie = try #require(answer.header("set-cookie"))
            for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
                #expect(cookie.contains(attribute))
            }
            let pair = String(cookie.prefix { $0 != ";" })
            #expect(try await installation.get("/v1/me", headers: ["Cookie": pair]).status == 200)

            try await installation.post("/v1/carts", headers: ["Cookie": pair]).expectProblem(403, "origin_refused")
            try await installation.post(
                "/v1/carts", headers: ["Cookie": pair, "Origin": "http://evil.test"]
            ).expectProblem(403, "origin_refused")
            try await installation.post(
                "/v1/carts", headers: ["Cookie": pair, "Origin": "null"]
            ).expectProblem(403, "origin_refused")
            let good = try await installation.post(
                "/v1/carts", headers: ["Cookie": pair, "Origin": Installation.publicURL])
            #expect(good.status == 201)

            let out = try await installation.post(
                "/v1/auth/sign-out", headers: ["Cookie": pair, "Origin": Installation.publicURL])
            #expect(out.status == 204)
            #expect(out.header("set-cookie")?.contains("Max-Age=0") == true)
            #expect(try await installation.get("/v1/me", headers: ["Cookie": pair]).status == 401)
        }
    }

    @Test("a new password ends the sessions that were opened with the old one")
    func passwordReset() async throws {
        try await withInstallation { installation in
            let token = try await installation.signUp("ada")
            _ = try await installation.post("/v1/auth/forgot-password", #"{"email":"ada@example.org"}"#)
            var code = try await installation.mails.code(to: "ada@example.org")
            // The confirmation's code is the newest until the worker sent the other one.
            for _ in 0..<400 {
                let body = #"{"email":"ada@example.org","code":"\#(code)","password":"another good password"}"#
                let answer = try await installation.post("/v1/auth/reset-password", body)
                if answer.status == 204 { break }
                try await Task.sleep(for: .milliseconds(5))
                code = try await installation.mails.code(to: "ada@example.org")
            }
            #expect(try await installation.get("/v1/me", as: token).status == 401)
            let again = try await installation.post(
                "/v1/auth/sign-in", #"{"email":"ada@example.org","password":"another good password"}"#)
            #expect(again.status == 200)
            let changed = try await installation.post(
                "/v1/auth/change-password",
                #"{"current_password":"wrong wrong wrong","new_password":"a third good password"}"#,
                as: again.json["token"].string)
            changed.expectProblem(403, "wrong_password")
        }
    }

    @Test("a buyer may not do what sellers do")
    func groups() async throws {
        try await withInstallation { installation in
            let buyer = try await installation.signUp("ben")
            try await installation.get("/v1/uploads", as: buyer).expectProblem(403, "forbidden")
            try await installation.get("/v1/seller/products", as: buyer).expectProblem(403, "forbidden")
            try await installation.get("/v1/seller/orders").expectProblem(401, "unauthenticated")
        }
    }
}
