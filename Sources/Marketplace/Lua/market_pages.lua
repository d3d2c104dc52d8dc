-- Fragment `pages`: pages of a sorted set that stay where they are whatever is inserted before them.
--
-- A position is (score, member), not a rank. Redis sorts by score and then by member, but can only be asked for a score;
-- among equal scores (all products that were never sold) the member's place is found by halving, so that a page costs
-- O(log n) steps and the page, and not all ties before it. The member need not be there any more.
local pages = {}

-- The rank, in the direction of the walk, of the first element after (score, member).
local function rank_after(zset, reverse, score, member)
  local before, ties
  if reverse then
    before = redis.call("ZCOUNT", zset, "(" .. score, "+inf")
  else
    before = redis.call("ZCOUNT", zset, "-inf", "(" .. score)
  end
  ties = redis.call("ZCOUNT", zset, score, score)
  local low, high = before, before + ties
  while low < high do
    local middle = math.floor((low + high) / 2)
    local found = redis.call(reverse and "ZREVRANGE" or "ZRANGE", zset, middle, middle)[1]
    local passed
    if reverse then passed = found >= member else passed = found <= member end
    if passed then low = middle + 1 else high = middle end
  end
  return low
end

-- Up to `count` members after the position, and their scores in a second list. An empty member starts at the front.
-- `score` is text, as numbers lose digits on their way through Lua.
function pages.after(zset, reverse, score, member, count)
  local first = 0
  if member ~= "" then first = rank_after(zset, reverse, score, member) end
  local flat = redis.call(reverse and "ZREVRANGE" or "ZRANGE", zset, first, first + count - 1, "WITHSCORES")
  local members, scores = {}, {}
  for i = 1, #flat, 2 do
    members[#members + 1] = flat[i]
    scores[#scores + 1] = flat[i + 1]
  end
  return members, scores
end

return pages
