-- Fragment `products`: a product's record and the indexes it is found by.
--
-- A published product is a member of sorted sets for each scope (everything, its category, its seller, each tag) and
-- order (newest, price, sales), and of one sorted set per word. Where it is a member is written down beside it, so that
-- an edit or a withdrawal takes it out of precisely those. All scripts that change a product end with `refresh`, so the
-- indexes never disagree with the record.
local products = {}

local ORDERS = { newest = "published", price = "price", sales = "sales" }

local function table_of(flat)
  local record = {}
  for i = 1, #flat, 2 do record[flat[i]] = flat[i + 1] end
  return record
end

-- The record as a table of strings, or nil.
function products.get(id)
  local flat = redis.call("HGETALL", keys.product(id))
  if #flat == 0 then return nil end
  return table_of(flat)
end

-- Whether it is published.
function products.available(product)
  return product ~= nil and product.status == "published"
end

-- Whether it can be bought now: what a suspended seller has for sale stays listed, and waits.
function products.buyable(product)
  return products.available(product) and redis.call("HEXISTS", keys.user(product.seller), "suspended") == 0
end

-- The record as a flat list of names and values, with seller_name and seller_slug; {} when there is none.
-- `sellers` is a table that keeps the sellers of one reply.
function products.flat(id, sellers)
  local flat = redis.call("HGETALL", keys.product(id))
  if #flat == 0 then return flat end
  local seller = ""
  for i = 1, #flat, 2 do
    if flat[i] == "seller" then seller = flat[i + 1] end
  end
  local found = sellers[seller]
  if not found then
    found = redis.call("HMGET", keys.user(seller), "name", "slug")
    sellers[seller] = found
  end
  local n = #flat
  flat[n + 1], flat[n + 2], flat[n + 3], flat[n + 4] = "seller_name", found[1] or "", "seller_slug", found[2] or ""
  return flat
end

-- nil if the product is the seller's and at the version ("" for any), else a code and a sentence to refuse with.
function products.refusal(id, seller, version)
  local found = redis.call("HMGET", keys.product(id), "seller", "version")
  if found[1] ~= seller then return "not_found", "There is no such product." end
  if version ~= "" and found[2] ~= version then
    return "precondition_failed", "The product is at version " .. found[2] .. " by now, not " .. version .. "."
  end
  return nil
end

-- Writes a text's words (JSON, word → weight) beside the product.
function products.set_terms(id, json)
  local key = keys.terms(id)
  redis.call("DEL", key)
  for word, weight in pairs(cjson.decode(json)) do redis.call("HSET", key, word, weight) end
end

local function unindex(id)
  local json = redis.call("GET", keys.indexed(id))
  if not json then return end
  local entry = cjson.decode(json)
  for _, scope in ipairs(entry.s) do
    for order in pairs(ORDERS) do redis.call("ZREM", keys.catalog(scope, order), id) end
  end
  for _, word in ipairs(entry.w) do
    local key = keys.word(word)
    redis.call("ZREM", key, id)
    if redis.call("EXISTS", key) == 0 then redis.call("ZREM", keys.words(), word) end
  end
  redis.call("DEL", keys.indexed(id))
end

local function index(id, product)
  local scopes = { "", "c:" .. product.category .. ":", "s:" .. product.seller .. ":" }
  for _, tag in ipairs(cjson.decode(product.tags)) do scopes[#scopes + 1] = "t:" .. tag .. ":" end
  for _, scope in ipairs(scopes) do
    for order, field in pairs(ORDERS) do redis.call("ZADD", keys.catalog(scope, order), product[field], id) end
  end
  local words = {}
  local terms = redis.call("HGETALL", keys.terms(id))
  for i = 1, #terms, 2 do
    words[#words + 1] = terms[i]
    redis.call("ZADD", keys.word(terms[i]), terms[i + 1], id)
    redis.call("ZADD", keys.words(), 0, terms[i])
  end
  redis.call("SET", keys.indexed(id), cjson.encode({ s = scopes, w = words }))
end

-- Brings the indexes in line with the record. Nothing about a product that is not published can be found.
function products.refresh(id)
  unindex(id)
  local product = products.get(id)
  if products.available(product) then index(id, product) end
end

-- Adds to the sales of a product, also in the orders by sales. A withdrawn product just counts.
function products.sold(id, n)
  if redis.call("EXISTS", keys.product(id)) == 0 then return end
  redis.call("HINCRBY", keys.product(id), "sales", n)
  local json = redis.call("GET", keys.indexed(id))
  if not json then return end
  for _, scope in ipairs(cjson.decode(json).s) do redis.call("ZINCRBY", keys.catalog(scope, "sales"), n, id) end
end

-- Counts the uses of uploads up or down; an upload in use can't be deleted.
function products.use(uploads, n)
  for _, upload in ipairs(uploads) do
    if redis.call("EXISTS", keys.upload(upload)) == 1 then redis.call("HINCRBY", keys.upload(upload), "uses", n) end
  end
end

-- Keeps the uploads for good: what was on sale may have been bought.
function products.pin(product)
  local uploads = cjson.decode(product.file_ids)
  if product.cover_id ~= "" then uploads[#uploads + 1] = product.cover_id end
  for _, upload in ipairs(uploads) do redis.call("HSET", keys.upload(upload), "pinned", 1) end
end

-- Whether the upload is this seller's, ready, and for this purpose.
function products.fits(upload, seller, purpose)
  local found = redis.call("HMGET", keys.upload(upload), "owner", "state", "purpose")
  return found[1] == seller and found[2] == "ready" and found[3] == purpose
end

-- The end of every change: next version, pins, indexes; the record for the reply.
function products.changed(id, t)
  redis.call("HINCRBY", keys.product(id), "version", 1)
  redis.call("HSET", keys.product(id), "updated", t)
  local product = products.get(id)
  if product.status == "published" then products.pin(product) end
  products.refresh(id)
  return products.flat(id, {})
end

return products
