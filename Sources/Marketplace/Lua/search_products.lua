-- One page of published products.
-- A[1] order: newest, price_asc, price_desc, best_selling, relevance (with words only)
-- A[2] scopes that all must hold (JSON list of "c:<category>:", "s:<seller>:", "t:<tag>:")
-- A[3] words that all must occur (JSON list)   A[4] "1" if the last word may be the beginning of one
-- A[5] A[6] lowest and highest price or ""   A[7] score of the last seen   A[8] id of the last seen, "" from the front
-- A[9] how many
-- Reply ok(list of records, score of the last, id of the last, 1 if there are more)
--
-- Reads only; one step, so that a page is of one moment. A page costs the page where a sorted set gives it as it is.
-- Else it is bounded: without words the set of the order is walked, and after WALK members the page ends early, with a
-- cursor to go on; with words about CANDIDATES best products of the rarest word are looked at, and each of the other
-- words costs at most LOOKUPS, for which its most frequent expansions are taken. So that nobody's search holds up Redis
-- for longer than about 15 ms, whatever is typed.
local WALK, CANDIDATES, EXPANSIONS, LOOKUPS, BATCH = 2000, 1000, 32, 8000, 500
local ORDERS = {
  newest = { "newest", true }, price_asc = { "price", false }, price_desc = { "price", true },
  best_selling = { "sales", true }, relevance = { "relevance", true },
}
local order, reverse = ORDERS[A[1]][1], ORDERS[A[1]][2]
local scopes, words = cjson.decode(A[2]), cjson.decode(A[3])
local lowest, highest, count = tonumber(A[5]), tonumber(A[6]), tonumber(A[9])

-- The scores that a sorted set has for a list of ids: list of numbers, false where it has none.
local function scores_of(zset, ids)
  local scores = {}
  for first = 1, #ids, BATCH do
    local batch = redis.call("ZMSCORE", zset, unpack(ids, first, math.min(first + BATCH - 1, #ids)))
    for _, score in ipairs(batch) do scores[#scores + 1] = score and tonumber(score) end
  end
  return scores
end

-- Those of the ids that are in all scopes and within the prices, in their order: a list of indexes.
local function matching(ids, skip)
  local keep = {}
  for i = 1, #ids do keep[i] = true end
  for _, scope in ipairs(scopes) do
    if scope ~= skip then
      local scores = scores_of(keys.catalog(scope, "newest"), ids)
      for i = 1, #ids do keep[i] = keep[i] and scores[i] end
    end
  end
  if lowest or highest then
    local prices = scores_of(keys.catalog("", "price"), ids)
    for i = 1, #ids do
      local price = prices[i]
      keep[i] = keep[i] and price and (not lowest or price >= lowest) and (not highest or price <= highest)
    end
  end
  local indexes = {}
  for i = 1, #ids do
    if keep[i] then indexes[#indexes + 1] = i end
  end
  return indexes
end

-- Without words: walks the smallest of the scopes' sets in the wanted order.
local function walk()
  local smallest, size = "", nil
  for _, scope in ipairs(scopes) do
    local n = redis.call("ZCARD", keys.catalog(scope, order))
    if not size or n < size then smallest, size = scope, n end
  end
  local zset = keys.catalog(smallest, order)
  local page, score, member, walked = {}, A[7], A[8], 0
  while walked < WALK do
    local ids, scores = pages.after(zset, reverse, score, member, math.min(math.max(count + 1, 100), WALK))
    if #ids == 0 then return page, score, member, 0 end
    for _, i in ipairs(matching(ids, smallest)) do
      if #page == count then return page, page.score, page[#page], 1 end
      page[#page + 1] = ids[i]
      page.score = scores[i]
    end
    walked = walked + #ids
    score, member = scores[#ids], ids[#ids]
  end
  -- There may be more behind what was walked: the next page goes on from there.
  if #page == count then return page, page.score, page[#page], 1 end
  return page, score, member, 1
end

-- The words of the index that a word of the query stands for, the word itself first and then the most frequent; it
-- counts twice as much as its extensions. Also in how many places they occur.
local function expansions(word, open)
  local terms, size = {}, 0
  if open then
    local found = redis.call("ZRANGEBYLEX", keys.words(), "(" .. word, "[" .. word .. "\255", "LIMIT", 0, EXPANSIONS)
    for i, term in ipairs(found) do
      terms[i] = { term = term, weight = 1, size = redis.call("ZCARD", keys.word(term)) }
      size = size + terms[i].size
    end
    table.sort(terms, function(a, b) return a.size > b.size end)
  end
  local own = redis.call("ZCARD", keys.word(word))
  if own > 0 then table.insert(terms, 1, { term = word, weight = open and 2 or 1, size = own }) end
  return terms, size + own
end

-- With words: the best products of the rarest word, then the others' weights for them.
local function find()
  local expanded, rarest = {}, nil
  for i, word in ipairs(words) do
    local terms, size = expansions(word, i == #words and A[4] == "1")
    if size == 0 then return {}, "0", "", 0 end
    expanded[i] = { terms = terms, size = size }
    if not rarest or size < expanded[rarest].size then rarest = i end
  end
  -- Of many expansions each gives its best few; of one word it is the best of all.
  local ids, weights = {}, {}
  local share = CANDIDATES
  if expanded[rarest].size > CANDIDATES then share = math.ceil(CANDIDATES / #expanded[rarest].terms) end
  for _, term in ipairs(expanded[rarest].terms) do
    local flat = redis.call("ZREVRANGE", keys.word(term.term), 0, share - 1, "WITHSCORES")
    for i = 1, #flat, 2 do
      local id, weight = flat[i], tonumber(flat[i + 1]) * term.weight
      if not weights[id] then ids[#ids + 1] = id end
      weights[id] = math.max(weights[id] or 0, weight)
    end
  end
  local sums = {}
  for i, id in ipairs(ids) do sums[i] = weights[id] end
  for j, word in ipairs(expanded) do
    if j ~= rarest then
      local best, lookups = {}, 0
      for _, term in ipairs(word.terms) do
        if lookups > 0 and lookups + #ids > LOOKUPS then break end
        lookups = lookups + #ids
        for i, weight in ipairs(scores_of(keys.word(term.term), ids)) do
          if weight then best[i] = math.max(best[i] or 0, weight * term.weight) end
        end
      end
      for i = 1, #ids do sums[i] = sums[i] and best[i] and sums[i] + best[i] end
    end
  end
  local sorted = order ~= "relevance" and scores_of(keys.catalog("", order), ids) or sums
  local score, member = tonumber(A[7]), A[8]
  local hits = {}
  for _, i in ipairs(matching(ids)) do
    local id, position = ids[i], sorted[i]
    local passed = member ~= "" and position and (position == score and (reverse and id >= member or not reverse and id <= member)
      or (reverse and position > score or not reverse and position < score))
    if sums[i] and position and not passed then hits[#hits + 1] = { id, position } end
  end
  table.sort(hits, function(a, b)
    if a[2] ~= b[2] then if reverse then return a[2] > b[2] else return a[2] < b[2] end end
    if reverse then return a[1] > b[1] else return a[1] < b[1] end
  end)
  local page = {}
  for i = 1, math.min(count, #hits) do page[i] = hits[i][1] end
  local last = hits[#page]
  return page, last and string.format("%.17g", last[2]) or "0", last and last[1] or "", #hits > count and 1 or 0
end

local page, score, member, more
if #words > 0 then page, score, member, more = find() else page, score, member, more = walk() end
local records, sellers = {}, {}
for i, id in ipairs(page) do records[i] = products.flat(id, sellers) end
return ok(records, score, member, more)
