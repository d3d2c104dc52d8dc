-- Fragment `keys`: the keys of accounts, uploads and the catalog for scripts that learn an id only inside Redis.
-- The twin of Core/Keys.swift, which says what each holds. Each key carries the namespace's hash tag through NS.
local k = {}
function k.user(id) return NS .. "usr:" .. id end
function k.emails() return NS .. "email" end
function k.users() return NS .. "users" end
function k.sellers() return NS .. "sellers" end
function k.admin() return NS .. "admin" end
function k.session(hash) return NS .. "ses:" .. hash end
function k.sessions(user) return NS .. "usr:" .. user .. ":sessions" end
function k.code(kind, user) return NS .. "code:" .. kind .. ":" .. user end
function k.lock(hash) return NS .. "lock:" .. hash end
function k.upload(id) return NS .. "upl:" .. id end
function k.uploads(owner) return NS .. "usr:" .. owner .. ":uploads" end
function k.usage(owner) return NS .. "usr:" .. owner .. ":usage" end
function k.content(owner) return NS .. "usr:" .. owner .. ":content" end
function k.quarantine() return NS .. "quarantine" end
function k.product(id) return NS .. "prd:" .. id end
function k.terms(product) return NS .. "prd:" .. product .. ":terms" end
function k.indexed(product) return NS .. "prd:" .. product .. ":indexed" end
function k.slugs() return NS .. "slug" end
function k.products(seller) return NS .. "usr:" .. seller .. ":products" end
function k.catalog(scope, order) return NS .. "cat:" .. scope .. order end
function k.word(word) return NS .. "idx:w:" .. word end
function k.words() return NS .. "idx:terms" end
function k.totals() return NS .. "totals" end
return k
